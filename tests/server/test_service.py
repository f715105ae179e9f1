"""
The service of all parts.
"""

from dataclasses import replace
from pathlib import Path
from socket import SOMAXCONN, socket
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.application.service import MultiService
from twisted.web.resource import Resource
from twisted.web.static import Data

from ratchet_tx import Hub, Limits, RatchetResource, RatchetServerFactory, Settings, UsageError, makeService, on
from tests.kit.ends import MemoryReactor, Wire, fetched
from tests.kit.fakes import FakeProvider, FakeTimer, logged
from tests.kit.wire import event, handshake

SETTINGS = Settings(limits=Settings().limits.having({"pingSeconds": 0}, "test"))


class Echo:
    @on("echo")
    def echo(self, event: Any) -> Any:
        event.connection.emit("echo", event.payload.data)


@pytest.fixture
def reactor() -> MemoryReactor:
    return MemoryReactor()


def test_itServes(reactor: MemoryReactor) -> None:
    """The service serves WebSockets, pages and the browser client on one port."""
    hub = Hub(settings=SETTINGS)
    hub.applications.add(Echo())
    pages = Resource()
    pages.putChild(b"about", Data(b"About", "text/plain"))
    service = makeService(SETTINGS, hub, pages, reactor)
    service.startService()
    ((port, factory, _, interface),) = reactor.tcpServers
    assert (port, interface) == (8080, "0.0.0.0")
    wire = Wire(factory).open()
    wire.send(event("echo", 1))
    assert wire.frames()[0].json == {"event": "echo", "data": 1}
    assert Wire(factory).get("/about")[2] == b"About"
    wire.lose()
    service.stopService()


def test_theHubIsAChild(reactor: MemoryReactor) -> None:
    """The hub and its timers start and stop with the service, also inside of another service."""
    timer = FakeTimer()
    hub = Hub(settings=SETTINGS)
    hub.timers.add(timer)
    root = MultiService()
    makeService(SETTINGS, hub, reactor=reactor).setServiceParent(root)
    root.startService()
    assert hub.running
    reactor.advance(1)
    root.stopService()
    assert not hub.running
    reactor.advance(10)
    assert timer.ticks == 1


def test_ownHub(reactor: MemoryReactor) -> None:
    """Without a hub, the service makes one, with the name ratchet."""
    service = makeService(reactor=reactor)
    hub = service.getServiceNamed("ratchet")
    assert isinstance(hub, Hub)
    assert hub.settings == Settings()


def test_theHubsSettings(reactor: MemoryReactor) -> None:
    """Without settings, the service takes the hub's."""
    service = makeService(hub=Hub(settings=Settings(port=9999)), reactor=reactor)
    service.startService()
    assert reactor.tcpServers[0][0] == 9999


@ensureDeferred
async def test_static(tmp_path: Any) -> None:
    """A folder of files can be served besides the WebSockets."""
    (tmp_path / "index.html").write_text("<h1>Hi</h1>")
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    service = makeService(Settings(port=port, address="127.0.0.1", static=str(tmp_path)))
    with logged():
        service.privilegedStartService()
        service.startService()
    assert (await fetched(f"http://127.0.0.1:{port}/"))[2] == b"<h1>Hi</h1>"
    await service.stopService()


def test_logPrefix(reactor: MemoryReactor) -> None:
    """The log line about the port names the server."""
    makeService(reactor=reactor).startService()
    assert reactor.tcpServers[0][1].logPrefix() == "ratchet"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(), [(8080, "0.0.0.0")]),
        (Settings(port=0), [(0, "0.0.0.0")]),
        (Settings(address="::1"), [(8080, "::1")]),
        (Settings(listen=("tcp:81",)), [(81, "")]),
        (Settings(listen=("tcp:81",), port=80), [(80, "0.0.0.0"), (81, "")]),
    ],
)
def test_ports(reactor: MemoryReactor, settings: Settings, expected: list[Any]) -> None:
    """C{listen} alone replaces the default port; with C{port}, the service listens on both."""
    makeService(settings, reactor=reactor).startService()
    assert [(port, interface) for port, _, _, interface in reactor.tcpServers] == expected
    assert {backlog for _, _, backlog, _ in reactor.tcpServers} == {SOMAXCONN}


@pytest.mark.parametrize("description", ["nonsense", "tcp:x", "nonsense:1", "ssl:443:privateKey=/nowhere", ""])
def test_badEndpoints(reactor: MemoryReactor, description: str) -> None:
    """A wrong endpoint is an error that names it."""
    with pytest.raises(UsageError, match="listen: "):
        makeService(Settings(listen=(description,)), reactor=reactor)


def warnings(hub: Hub | None = None, **settings: Any) -> list[str]:
    """
    Make a service, and collect its log lines.
    """
    with logged() as lines:
        makeService(Settings(**settings), hub, reactor=MemoryReactor())
    return lines


def test_openToEverybody() -> None:
    """A warning is logged where anyone may connect on a public address, without a limit or a login."""
    assert any("connectionsPerAddress" in line for line in warnings())
    limits = Settings().limits.having({"connectionsPerAddress": 5}, "test")
    for quiet in ({"limits": limits}, {"address": "127.0.0.1"}, {"listen": ("unix:/run/x",)}, {"hub": Hub(FakeProvider())}):
        assert warnings(**quiet) == []


def test_switchedOff() -> None:
    """Where something is switched off that makes it fast, the log says what, and by which variable."""
    assert warnings(address="127.0.0.1", without=("fast-path", "direct-writes")) == [
        "Optimizations switched off: RATCHET_WITHOUT=fast-path,direct-writes"
    ]


def test_incompleteTLS() -> None:
    """A certificate without a key, or a key without a certificate, is an error."""
    for settings in (Settings(certificate="x"), Settings(key="x")):
        with pytest.raises(UsageError, match="one without the other"):
            makeService(settings, reactor=MemoryReactor())


def test_everyOrigin(reactor: MemoryReactor) -> None:
    """A warning is logged at start where pages of every origin may connect."""
    service = makeService(Settings(origin=("*",)), reactor=reactor)
    service.startService()
    with logged() as lines:
        reactor.tcpServers[0][1].doStart()
    assert any("every origin" in line for line in lines)


def test_nothingToReload(reactor: MemoryReactor) -> None:
    """Without a certificate a reload does nothing."""
    with logged() as lines:
        makeService(Settings(address="127.0.0.1"), reactor=reactor).reload()
    assert lines == []


class TestAdmin:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "token"
        path.write_text("sesame")
        path.chmod(0o600)
        return path

    def settings(self, path: Path, *listen: str) -> Settings:
        return Settings(address="127.0.0.1", adminListen=listen, adminTokenFile=str(path))

    def test_listens(self, reactor: MemoryReactor, path: Path) -> None:
        """The admin endpoints are on the loopback interface by default."""
        settings = self.settings(path, "9000", "tcp6:9001", "tcp:9002:interface=10.0.0.1", "unix:/run/admin")
        makeService(settings, reactor=reactor).startService()
        ports = [(port, interface) for port, _, _, interface in reactor.tcpServers]
        assert ports == [(8080, "127.0.0.1"), (9000, "127.0.0.1"), (9001, "::1"), (9002, "10.0.0.1")]
        assert reactor.unixServers[0][0] == "/run/admin"

    def test_apart(self, reactor: MemoryReactor, path: Path) -> None:
        """The public port has no admin pages, and the admin port no public ones."""
        makeService(self.settings(path, "9000"), reactor=reactor).startService()
        (_, public, *_), (_, admin, *_) = reactor.tcpServers
        for served in (public, admin):
            served.doStart()
        assert Wire(public).get("/api/publish", Authorization="Bearer sesame")[0] == 404
        assert Wire(admin).get("/api/publish", Authorization="Bearer sesame")[0] == 405
        assert Wire(admin).get("/ratchet.js")[0] == 404
        for served in (admin, public):
            served.doStop()

    def test_reload(self, reactor: MemoryReactor, path: Path) -> None:
        """A reload reads the token again; where that fails, the old one stays, and the log says why."""
        service = makeService(self.settings(path, "9000"), reactor=reactor)
        service.startService()
        admin = reactor.tcpServers[1][1]
        admin.doStart()
        path.write_text("changed")
        with logged() as lines:
            service.reload()
            path.write_text("")
            service.reload()
        assert lines[0] == "The admin token was reloaded"
        assert lines[1].startswith("The admin token was not reloaded, the old one stays: error=admin-token-file ")
        statuses = [Wire(admin).get("/api/publish", Authorization=f"Bearer {each}")[0] for each in ("sesame", "changed")]
        assert statuses == [401, 405]
        admin.doStop()

    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            (Settings(adminListen=("9000",)), "admin-listen and admin-token-file: there is one without the other"),
            (Settings(adminTokenFile="x"), "admin-listen and admin-token-file: there is one without the other"),
            (
                Settings(adminListen=("9000",), adminTokenFile="/nowhere"),
                "admin-token-file /nowhere: No such file or directory",
            ),
        ],
    )
    def test_wrong(self, reactor: MemoryReactor, settings: Settings, said: str) -> None:
        """An admin endpoint without a token, or a token without an endpoint, is an error."""
        with pytest.raises(UsageError, match=f"^{said}$"):
            makeService(settings, reactor=reactor)

    @pytest.mark.parametrize("listen", ["haproxy:tcp:9000", "tcp:x", "tcp:9000:127.0.0.1", ""])
    def test_noEndpoint(self, reactor: MemoryReactor, path: Path, listen: str) -> None:
        """A wrong endpoint, or one on any interface, is an error that names it."""
        with pytest.raises(UsageError, match=r"^admin-listen: "):
            makeService(self.settings(path, listen), reactor=reactor)


STRICT = Settings(
    origin=("https://app.example",),
    host=("example.org",),
    trustForwarded=1,
    limits=Settings().limits.having({"messageBytes": 100, "loginSeconds": 1}, "test"),
)


class TestSettings:
    """
    The settings of the service and its hub.
    """

    def statuses(self, reactor: MemoryReactor) -> list[int]:
        """
        Request a page and a WebSocket with a wrong Host, then a WebSocket from a refused and from an allowed origin.
        """
        factory = reactor.tcpServers[0][1]
        asked = [
            {"host": "evil.example"},
            {"host": "example.org", "Origin": "https://evil.example"},
            {"host": "example.org", "Origin": "https://app.example"},
        ]
        found = [Wire(factory).get("/")[0]]
        for headers in asked:
            wire = Wire(factory)
            wire.send(handshake(**headers))
            found.append(int(wire.receive().split(b" ")[1]))
        return found

    def test_theServices(self, reactor: MemoryReactor) -> None:
        """A hub without settings takes the service's, for pages and WebSockets."""
        hub = Hub()
        hub.applications.add(Echo())
        makeService(STRICT, hub, reactor=reactor).startService()
        assert hub.settings is STRICT
        assert hub.limits is STRICT.limits
        assert self.statuses(reactor) == [421, 421, 403, 101]
        wire = Wire(reactor.tcpServers[0][1])
        wire.send(handshake(host="example.org") + event("echo", "x" * 200))
        assert b"\x03\xf1received" in wire.receive()  # 1009

    def test_theHubs(self, reactor: MemoryReactor) -> None:
        """A hub with settings keeps them, and the service takes them."""
        makeService(hub=Hub(settings=STRICT), reactor=reactor).startService()
        assert self.statuses(reactor) == [421, 421, 403, 101]

    def test_equal(self, reactor: MemoryReactor) -> None:
        """Both may have the same or equal settings; where to serve is the service's."""
        for settings in (STRICT, replace(STRICT), replace(STRICT, port=0, address="127.0.0.1")):
            service = makeService(settings, Hub(settings=STRICT), reactor=reactor)
            assert service.getServiceNamed("ratchet").settings is STRICT

    @pytest.mark.parametrize(
        ("settings", "names"),
        [
            (Settings(), "origin, host, trust-forwarded, messageBytes, loginSeconds"),
            (replace(STRICT, host=()), "host"),
            (replace(STRICT, verbose=True, without=("fast-path",)), "without, verbose"),
            (replace(STRICT, limits=STRICT.limits.having({"rooms": 1}, "test")), "rooms"),
        ],
    )
    def test_different(self, settings: Settings, names: str) -> None:
        """Different settings are an error that names them, and says where to set them."""
        with pytest.raises(UsageError, match=rf": {names}\. Give them to one of both: Hub\(settings=settings\)"):
            makeService(settings, Hub(settings=STRICT), reactor=MemoryReactor())

    @pytest.mark.parametrize("serve", [RatchetServerFactory, RatchetResource])
    def test_servedAlready(self, serve: Any) -> None:
        """A served hub has its settings: a service with others is an error."""
        hub = Hub()
        serve(hub, MemoryReactor())
        with pytest.raises(UsageError, match="host"):
            makeService(STRICT, hub, reactor=MemoryReactor())
        makeService(Settings(port=0), hub, reactor=MemoryReactor())

    def test_nothingIsLeft(self) -> None:
        """In a hub that took a service's settings, no part has others."""
        others = {name: index + 3 for index, name in enumerate(Limits.names())}
        # These limits have to be above others.
        limits = Settings().limits.having({**others, "connectionBytes": 10_000, "processBytes": 100_000}, "test")
        settings = replace(STRICT, verbose=True, limits=limits)
        late = Hub()
        makeService(settings, late, reactor=MemoryReactor())
        early = Hub(settings=settings)
        early.provideClock(MemoryReactor())
        assert numbers(late) == numbers(early)


def numbers(thing: Any, path: str = "hub", seen: set[int] | None = None) -> dict[str, Any]:
    """
    List all numbers in an object of the package, by their path.
    """
    seen = set() if seen is None else seen
    found: dict[str, Any] = {}
    if isinstance(thing, int | float):
        found[path] = thing
    elif type(thing).__module__.startswith("ratchet_tx") and id(thing) not in seen:
        seen.add(id(thing))
        slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
        for name in sorted({*slots, *getattr(thing, "__dict__", {})}):
            if hasattr(thing, name):
                found |= numbers(getattr(thing, name), f"{path}.{name}", seen)
    return found
