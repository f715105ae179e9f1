"""
A hub in a twisted.web site.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor as globalReactor
from twisted.internet.interfaces import IReactorTCP
from twisted.internet.task import Clock
from twisted.web.resource import IResource, Resource
from twisted.web.server import Site
from twisted.web.static import Data
from zope.interface.verify import verifyObject

from ratchet_tx import Hub, RatchetResource, Settings, browserClient, on
from ratchet_tx.transport.handshake.hosts import Hosts
from ratchet_tx.web.resource import CLIENT_FILES, Front
from tests.kit.ends import MemoryReactor, Wire, fetched
from tests.kit.fakes import FakeTimer, Peer, logged, startedHub
from tests.kit.wire import CLOSE, event, frame, handshake


class Echo:
    @on("echo")
    def echo(self, event: Any) -> Any:
        event.connection.emit("echo", event.payload.data)


@asynccontextmanager
async def listening(factory: Any) -> AsyncIterator[int]:
    """
    Listen on a real port.
    """
    port = cast(IReactorTCP, globalReactor).listenTCP(0, factory, interface="127.0.0.1")
    try:
        yield port.getHost().port
    finally:
        await port.stopListening()


@pytest.fixture
def reactor() -> MemoryReactor:
    return MemoryReactor()


@pytest.fixture
def hub() -> Hub:
    hub = Hub(settings=Settings(limits=Settings().limits.having({"pingSeconds": 0}, "test")))
    hub.applications.add(Echo())
    return hub


@pytest.fixture
def site(hub: Hub, reactor: MemoryReactor) -> Site:
    root = Resource()
    root.putChild(b"", Data(b"<h1>Home</h1>", "text/html"))
    root.putChild(b"ws", RatchetResource(hub, reactor))
    root.putChild(b"ratchet.js", browserClient())
    return Site(root, reactor=Clock())


class TestRatchetResource:
    def test_interface(self, hub: Hub) -> None:
        """It provides IResource."""
        verifyObject(IResource, RatchetResource(hub, MemoryReactor()))

    def test_besidePages(self, site: Site) -> None:
        """WebSockets connect at its path, and other pages are served beside it."""
        wire = Wire(site).open("/ws?x=1")
        wire.send(event("echo", 1))
        assert wire.frames()[0].json == {"event": "echo", "data": 1}
        assert Wire(site).get("/")[::2] == (200, b"<h1>Home</h1>")
        wire.lose()

    def test_browsers(self, site: Site) -> None:
        """An ordinary request gets 426."""
        status, head, body = Wire(site).get("/ws")
        assert status == 426
        assert "Upgrade: websocket" in head
        assert b"ws://" in body

    def test_pathsBelow(self, site: Site) -> None:
        """There are no pages below it, but WebSockets may connect to any path there."""
        assert Wire(site).get("/ws/x")[0] == 426
        Wire(site).open("/ws/x").lose()

    def test_noChildren(self, hub: Hub) -> None:
        """Adding a child is an error."""
        resource = RatchetResource(hub, MemoryReactor())
        with pytest.raises(TypeError, match="no children"):
            resource.putChild(b"x", Resource())
        assert IResource.providedBy(resource.getChildWithDefault(b"x", None))

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"X": "a\x0bb"}, 400),
            ({"X": "a\x1cb"}, 400),
            ({"origin": "http://a", "Origin": "http://b"}, 400),
            ({"host": "a"}, 400),
            ({f"X-{count}": "y" for count in range(64)}, 431),
        ],
        ids=["x0b", "x1c", "origins", "hosts", "many"],
    )
    def test_heads(self, site: Site, headers: dict[str, str], status: int) -> None:
        """It refuses the same heads as the door: no smuggled, repeated or endless headers reach a WebSocket."""
        wire = Wire(site)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("latin-1")
        with logged() as said:
            wire.send(handshake("/ws")[:-2] + lines + b"\r\n")
        assert int(wire.receive().split(b" ")[1]) == status
        assert [line for line in said if line.startswith(f'Refused a request: status={status} address=192.0.2.7 why="')]

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    @pytest.mark.parametrize("atOnce", [True, False])
    def test_laterRequests(self, site: Site, method: str, atOnce: bool) -> None:
        """A connection may become a WebSocket after requests for pages, also in one chunk with them."""
        wire = Wire(site)
        page = f"{method} / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n".encode()
        for piece in [page + handshake("/ws")] if atOnce else [page, handshake("/ws")]:
            wire.send(piece)
        answers = wire.receive()
        assert answers.startswith(b"HTTP/1.1 200 ")
        assert b"HTTP/1.1 101 " in answers
        wire.send(event("echo", 1))
        assert wire.frames()[0].json == {"event": "echo", "data": 1}
        wire.lose()

    @pytest.mark.parametrize("page", [b"", b"GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"], ids=["alone", "behindPage"])
    def test_firstFrame(self, site: Site, page: bytes) -> None:
        """Data in one chunk with the handshake reaches the WebSocket."""
        wire = Wire(site)
        wire.send(page + handshake("/ws") + event("echo", 1))
        assert b'{"event":"echo","data":1}' in wire.receive()
        wire.lose()

    def test_otherUpgrades(self, site: Site) -> None:
        """An upgrade to another protocol gets 426."""
        assert Wire(site).get("/ws", Upgrade="h2c")[0] == 426

    def test_startsAndStopsWithTheReactor(self, site: Site, hub: Hub, reactor: MemoryReactor) -> None:
        """The hub starts when the reactor runs, so that its timers tick, and stops before the reactor shuts down."""
        timer = FakeTimer()
        hub.timers.add(timer)
        assert not hub.running
        reactor.run()
        assert hub.running
        wire = Wire(site).open("/ws")
        second = Wire(site).open("/ws")
        assert hub.running
        reactor.advance(1)
        assert timer.ticks == 1
        reactor.shutDown()
        assert not hub.running
        for each in (wire, second):
            closing = each.frames()[-1]
            assert (closing.opcode, closing.code) == (CLOSE, 1001)
            each.send(frame((1001).to_bytes(2, "big"), CLOSE))
            each.lose()
        assert [call for call in reactor.getDelayedCalls() if call.getTime() > 2] == []

    def test_startedBeforeTheReactor(self, hub: Hub, reactor: MemoryReactor) -> None:
        """It may be started before the reactor runs; the hub starts once."""
        resource = RatchetResource(hub, reactor)
        resource.start()
        resource.start()
        reactor.run()
        assert hub.running
        reactor.shutDown()
        assert not hub.running


class TestBrowserClient:
    @pytest.mark.parametrize("name", CLIENT_FILES)
    @ensureDeferred
    async def test_served(self, name: str) -> None:
        """Each of the browser client's files is served with its type, and 304 to a browser that has it."""
        root = Resource()
        root.putChild(name.encode(), browserClient(name))
        async with listening(Site(root)) as port:
            url = f"http://127.0.0.1:{port}/{name}"
            status, headers, body = await fetched(url)
            assert status == 200
            assert headers["Content-Type"] == "text/javascript; charset=utf-8"
            assert b"Ratchet" in body
            assert (await fetched(url, If_Modified_Since=headers["Last-Modified"]))[0] == 304


class TestFront:
    @pytest.fixture
    def pages(self) -> Resource:
        pages = Resource()
        pages.putChild(b"about", Data(b"About", "text/plain"))
        return pages

    def front(self, pages: Any = None, *hosts: str) -> Site:
        return Site(Front(startedHub(), Hosts(hosts), pages), reactor=Clock())

    @ensureDeferred
    async def test_browserClient(self, pages: Resource) -> None:
        """The browser client is served with any pages, and without."""
        for front in (self.front(pages), self.front()):
            async with listening(front) as port:
                for name in CLIENT_FILES:
                    assert (await fetched(f"http://127.0.0.1:{port}/{name}"))[0] == 200

    def test_pages(self, pages: Resource) -> None:
        """Pages are served, but not below the browser client's files."""
        wire = Wire(self.front(pages))
        assert wire.get("/about")[::2] == (200, b"About")
        assert wire.get("/nothing")[0] == 404
        assert wire.get("/ratchet.js/x")[0] == 404

    def test_leaves(self) -> None:
        """A leaf resource gets all paths."""

        class Leaf(Resource):
            isLeaf = True

            def render_GET(self, request: Any) -> bytes:
                return b"/".join(request.postpath)

        assert Wire(self.front(Leaf())).get("/a/b/c")[2] == b"a/b/c"

    @ensureDeferred
    async def test_noPages(self) -> None:
        """Without pages there is only a welcome page."""
        async with listening(self.front()) as port:
            status, _, body = await fetched(f"http://127.0.0.1:{port}/")
            assert status == 200
            assert b"/ratchet.js" in body
            for path in ("/RATCHET.JS", "/x"):
                assert (await fetched(f"http://127.0.0.1:{port}{path}"))[0] == 404

    def test_health(self) -> None:
        """C{/healthz} and C{/readyz} are served."""
        hub = startedHub()
        wire = Wire(Site(Front(hub, Hosts()), reactor=Clock()))
        assert wire.get("/healthz")[::2] == (200, b"ok\n")
        assert wire.get("/readyz")[::2] == (200, b"ok\n")
        Peer(hub)
        hub.stopService()
        assert wire.get("/healthz")[::2] == (200, b"ok\n")
        assert wire.get("/readyz")[::2] == (503, b"stopping\n")
        assert wire.get("/readyz/x")[0] == 404

    def test_hosts(self, pages: Resource) -> None:
        """A request for another host is refused, whatever the page."""
        assert Wire(self.front(pages, "localhost")).get("/about")[0] == 200
        assert Wire(self.front(pages, "example.org")).get("/about")[0] == 421
