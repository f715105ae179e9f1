"""
Why there are limits: each attack harms bare Autobahn with its defaults, and not this server.

L{tests.whole.test_attacks} runs them over a real port and checks their cost; here the same bytes go to both servers.
"""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from zlib import MAX_WBITS, Z_SYNC_FLUSH, compressobj

import pytest
from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept
from twisted.internet.address import IPv4Address
from twisted.web.resource import Resource
from twisted.web.server import Site

from ratchet_tx import Hub, Settings, makeService, on
from tests.kit.ends import MemoryReactor, Wire
from tests.kit.fakes import FakeProvider, logged
from tests.kit.sockets import SocketReactor, SocketWire
from tests.kit.wire import CLOSE, CONTINUATION, PING, PONG, TEXT, event, frame, handshake


class BareProtocol(WebSocketServerProtocol):  # type: ignore[misc]
    """
    A chat on Autobahn alone.
    """

    def onOpen(self) -> None:
        self.factory.peers.append(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.factory.longest = max(self.factory.longest, len(payload))
        with suppress(ValueError):
            self.handle(**json.loads(payload))

    def handle(self, event: str, data: Any = None, **_: Any) -> None:
        self.factory.counted[event] += 1
        if event == "socket.auth.request":
            self.factory.guesses += 1
            self.sendMessage(b'{"event":"socket.auth.failure"}')

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        with suppress(ValueError):
            self.factory.peers.remove(self)


class Bare:
    """
    Autobahn's server with its defaults, on a port of its own and in a twisted.web site.
    """

    def __init__(self, sockets: bool = False, **limits: Any) -> None:
        self.reactor = SocketReactor() if sockets else MemoryReactor()
        self.factory: Any = WebSocketServerFactory(server="", reactor=self.reactor)
        self.factory.protocol = BareProtocol
        self.factory.peers = []
        self.factory.longest = self.factory.guesses = 0
        self.factory.counted = Counter()
        self.factory.startFactory()
        root = Resource()
        root.putChild(b"ws", WebSocketResource(self.factory))
        self.site = Site(root, reactor=self.reactor)

    def compress(self) -> None:
        self.factory.setProtocolOptions(perMessageCompressionAccept=accept)

    @property
    def labels(self) -> int:
        return len(self.factory.counted)

    @property
    def guesses(self) -> int:
        return int(self.factory.guesses)

    @property
    def longest(self) -> int:
        return int(self.factory.longest)

    def emit(self, text: str) -> None:
        for peer in self.factory.peers:
            peer.sendMessage(text.encode())


class Application:
    """
    Records the length of the longest message.
    """

    longest = 0

    @on("x")
    def note(self, event: Any) -> None:
        self.longest = max(self.longest, len(event.payload.data or ""))


class Ours:
    """
    This package's server, as C{twistd ratchet} makes it.
    """

    def __init__(self, sockets: bool = False, **limits: Any) -> None:
        self.reactor = SocketReactor() if sockets else MemoryReactor()
        self.application = Application()
        settings = Settings(limits=Settings().limits.having(limits, "test"))
        self.hub = Hub(FakeProvider(a="ada"), clock=self.reactor, settings=settings)
        self.hub.applications.add(self.application)
        makeService(hub=self.hub, reactor=self.reactor).startService()
        self.factory: Any = self.reactor.tcpServers[0][1]
        self.site = self.factory

    def compress(self) -> None:
        self.factory.perMessageCompressionAccept = accept

    @property
    def labels(self) -> int:
        return len(self.hub.counters.refused)

    @property
    def guesses(self) -> int:
        return int(self.hub.counters.refused["auth.invalid"])

    @property
    def longest(self) -> int:
        return self.application.longest

    def emit(self, text: str) -> None:
        self.hub.emit("told", text)


def accept(offers: list[Any]) -> Any:
    """
    Accept compression, as Autobahn's own examples do.
    """
    deflate = [offer for offer in offers if isinstance(offer, PerMessageDeflateOffer)]
    return PerMessageDeflateOfferAccept(deflate[0]) if deflate else None


def enter(server: Any, make: Callable[..., Wire] = Wire, **headers: str) -> Any:
    """
    Connect, and log in where there is a login.
    """
    wire = make(server.factory).open(**headers)
    wire.send(event("socket.auth.request", {"token": "a"}))
    wire.receive()
    return wire


def stays(wire: Wire) -> bool:
    """
    Say whether a peer's connection is still kept.
    """
    return not wire.transport.disconnecting and not wire.transport.disconnected


def isOpen(wire: Wire) -> bool:
    """
    Say whether a peer may still send messages.
    """
    return stays(wire) and bool(wire.protocol.state == BareProtocol.STATE_OPEN)


def someone(number: int) -> IPv4Address:
    return IPv4Address("TCP", "8.8.4.4", 1024 + number)


# The attacks: each returns whether it did harm.


def endlessHead(server: Any) -> bool:
    """A head without an end, of which a MiB is kept."""
    wire = Wire(server.factory)
    wire.send(b"GET / HTTP/1.1\r\n")
    for _ in range(1024):
        if stays(wire):
            wire.send(b"X: y\r\n".ljust(1024, b"z"))
    return stays(wire)


def slowLoris(server: Any) -> bool:
    """A head that arrives one byte every 20 seconds, for ten minutes."""
    wire = Wire(server.site)
    for byte in handshake("/ws")[:30]:
        if stays(wire):
            wire.send(bytes([byte]))
            server.reactor.advance(20)
    return stays(wire)


def silence(server: Any) -> bool:
    """A peer that does nothing for an hour after its handshake."""
    wire = Wire(server.factory).open()
    server.reactor.pump([10] * 360)
    return stays(wire)


def vanishedPeers(server: Any) -> bool:
    """Peers that connect and whose network fails, so that no end arrives; after an hour all are still kept."""
    wires = [Wire(server.factory, someone(number)) for number in range(200)]
    for wire in wires:
        wire.send(handshake())
    server.reactor.pump([10] * 360)
    return sum(map(stays, wires)) == 200


def reconnectStorm(server: Any) -> bool:
    """A thousand connections from one address, without a login."""
    wires = [Wire(server.factory, someone(number)) for number in range(1000)]
    for wire in wires:
        wire.send(handshake())
    return sum(map(stays, wires)) > 64


def anyOrigin(server: Any) -> bool:
    """A page of another site."""
    wire = Wire(server.factory)
    wire.send(handshake(Origin="http://evil.example"))
    return wire.receive().startswith(b"HTTP/1.1 101 ")


def smuggling(server: Any) -> bool:
    """A header within a header's value, here one that fakes the page's origin."""
    wire = Wire(server.factory)
    wire.send(handshake(X="a\x0bOrigin: http://localhost:8080"))
    return stays(wire) and "origin" in wire.protocol.http_headers


def largeMessage(server: Any) -> bool:
    """A message of 8 MiB."""
    enter(server).send(event("x", "y" * (8 << 20)))
    return bool(server.longest > 8 << 20)


def deflateBomb(server: Any) -> bool:
    """Four thousand bytes that decompress to four million, where compression is enabled."""
    server.compress()
    wire = enter(server, Sec_WebSocket_Extensions="permessage-deflate")
    deflating = compressobj(9, wbits=-MAX_WBITS)
    bomb = deflating.compress(json.dumps({"event": "x", "data": "y" * (4 << 20)}).encode()) + deflating.flush(Z_SYNC_FLUSH)
    assert len(bomb) < 5000
    wire.send(frame(bomb[:-4], rsv=4))
    return bool(server.longest > 4 << 20)


def pingFlood(server: Any) -> bool:
    """Two thousand pings at once, each of which gets a pong."""
    wire = enter(server)
    wire.send(frame("x" * 125, PING) * 2000)
    return sum(each.opcode == PONG for each in wire.frames()) == 2000


def pongFlood(server: Any) -> bool:
    """Unasked control frames of 65 bytes, each of which is read."""
    wire = enter(server)
    wire.send(frame("x" * 65, PONG) * 2000)
    return isOpen(wire)


def fragmentFlood(server: Any) -> bool:
    """A message in endless empty fragments, each of which is kept."""
    wire = enter(server)
    wire.send(frame("", final=False) + frame("", CONTINUATION, final=False) * 5000)
    return isOpen(wire)


def slowReader(server: Any) -> bool:
    """A peer that doesn't read while ten MB are sent to every peer."""
    wire = enter(server, SocketWire)
    for _ in range(200):
        server.emit("x" * 50_000)
        server.reactor.turn()
    received = len(wire.receive())
    wire.lose()
    return received > 200 * 50_000


def leaveDuringBroadcast(server: Any) -> bool:
    """A peer that leaves during a send to every peer, so that others don't get the message."""
    leaving, other = enter(server), enter(server)
    leaving.send(frame("", CLOSE))
    with suppress(Exception):
        server.emit("news")
    return not any(each.opcode == TEXT for each in other.frames())


def labelStuffing(server: Any) -> bool:
    """Made-up event names, each with a counter of its own."""
    wire = enter(server)
    for number in range(90):
        wire.send(event(f"made.up.{number}"))
    return bool(server.labels >= 90)


def loginBruteForce(server: Any) -> bool:
    """Fifty wrong tokens on one connection."""
    wire = Wire(server.factory).open()
    for number in range(50):
        if stays(wire):
            wire.send(event("socket.auth.request", {"token": f"guess{number}"}))
    return bool(server.guesses == 50)


def manyBruteForces(server: Any) -> bool:
    """A hundred wrong tokens over 25 connections from one address, within ten seconds."""
    for number in range(25):
        wire = Wire(server.factory, someone(number)).open()
        for each in range(4):
            wire.send(event("socket.auth.request", {"token": f"guess{each}"}))
    server.reactor.pump([1] * 9)
    return bool(server.guesses == 100)


ATTACKS = [
    endlessHead,
    slowLoris,
    silence,
    vanishedPeers,
    reconnectStorm,
    anyOrigin,
    smuggling,
    largeMessage,
    deflateBomb,
    pingFlood,
    pongFlood,
    fragmentFlood,
    slowReader,
    leaveDuringBroadcast,
    labelStuffing,
    loginBruteForce,
    manyBruteForces,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_harm(attack: Callable[[Any], bool]) -> None:
    """The attack harms bare Autobahn, and not this server."""
    sockets = attack is slowReader
    with logged():
        assert attack(Bare(sockets))
        assert not attack(Ours(sockets))


@pytest.mark.parametrize(
    "data", [frame("x" * 126, PING), frame("x", PING, final=False), frame("x", masked=False), frame("x", rsv=4)]
)
def test_whatAutobahnWithstands(data: bytes) -> None:
    """Bare Autobahn itself refuses long or fragmented control frames and unmasked frames, and so does this server."""
    for server in (Bare(), Ours()):
        with logged():
            wire = enter(server)
            wire.send(data)
            assert not isOpen(wire)
