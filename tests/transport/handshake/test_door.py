"""
The door, which sends each connection to the WebSockets or the pages by its first request, over a transport in memory.
"""

from typing import Any, cast

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.limits.visits import Visits
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.httprefusals import HTTPRefusals
from ratchet_tx.monitoring.peerlog import UNBOUNDED
from ratchet_tx.settings import Settings
from ratchet_tx.transport.handshake.door import Door, Doorkeeper
from ratchet_tx.transport.sockets.closing import LINGER_SECONDS, Closing
from tests.kit.ends import MemoryTransport, Wire
from tests.kit.fakes import logged
from tests.kit.wire import handshake

PUBLIC = IPv4Address("TCP", "8.8.4.4", 5000)
PAGE = b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Room(Protocol):
    """
    A protocol behind the door, which records what it receives.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.received = b""
        self.lost = False

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: Any = None) -> None:
        self.lost = True


class House:
    """
    A factory of doors.
    """

    def __init__(self, pages: bool = True, **limits: Any) -> None:
        self.clock = self.reactor = Clock()
        self.counters = Counters()
        self._limits = Settings().limits.having(limits, "test")
        visits = Visits(self._limits, False, lambda: 0)
        self.visits = visits
        speaker = lambda *_: "8.8.4.4"  # noqa: E731
        patience = Patience(self.clock)
        closing = Closing(patience)
        self.keeper = Doorkeeper(self._limits, HTTPRefusals(self.counters, UNBOUNDED), visits, closing, patience, speaker)
        self._pages = (lambda address: Room("pages")) if pages else None

    def buildProtocol(self, address: Any) -> Door:
        return Door(lambda address, head, fresh: Room("sockets"), self._pages, self.keeper)


def answer(wire: Wire) -> int:
    assert wire.transport.disconnecting
    head = wire.receive()
    assert head.endswith(b"\r\n\r\n")
    return int(head.split(b" ")[1])


@pytest.mark.parametrize(("head", "name"), [(handshake(), "sockets"), (PAGE, "pages")])
def test_ways(head: bytes, name: str) -> None:
    """Handshakes go to the sockets and other requests to the pages, whole; later bytes go there directly."""
    house = House()
    wire = Wire(house)
    wire.send(head[:-1])
    assert isinstance(wire.protocol, Door)
    wire.send(head[-1:] + b"more")
    assert wire.protocol.name == name
    wire.send(b"and more")
    assert wire.protocol.received == head + b"moreand more"
    wire.lose()
    assert wire.protocol.lost
    assert house.clock.getDelayedCalls() == []


def test_byteByByte() -> None:
    """A head may come in any pieces."""
    wire = Wire(House())
    for byte in PAGE:
        wire.send(bytes([byte]))
    assert wire.protocol.received == PAGE


def test_noPages() -> None:
    """Without pages, a request for one gets 426."""
    wire = Wire(House(pages=False))
    wire.send(PAGE)
    assert answer(wire) == 426


def test_slow() -> None:
    """A head that takes too long gets 408 and a close, even if its bytes keep coming."""
    house = House(headSeconds=5)
    wire = Wire(house)
    for _ in range(39):
        wire.send(b"X")
        house.clock.advance(0.125)
    assert not wire.transport.disconnecting
    house.clock.advance(0.125)
    assert answer(wire) == 408
    assert house.counters.refused == {"http.408": 1}


def test_large() -> None:
    """A head above the limit is refused as soon as it is too long, and what comes later isn't kept."""
    house = House(headBytes=1000)
    wire = Wire(house)
    for _ in range(1000):
        wire.send(b"X")
    assert not wire.transport.disconnecting
    wire.send(b"X")
    assert answer(wire) == 431
    wire.send(b"X" * 100_000)
    assert len(wire.protocol._reader) == 1001
    wire.lose()
    assert house.clock.getDelayedCalls() == []


def test_largestHead() -> None:
    """A head of exactly the limit is accepted, whatever follows it; one byte more is refused."""
    for limit, passes in ((len(PAGE), True), (len(PAGE) - 1, False)):
        wire = Wire(House(headBytes=limit))
        wire.send(PAGE + b"body" * 1000)
        assert (wire.protocol.__class__ is Room) is passes


def test_switchedOff() -> None:
    """Each limit can be switched off."""
    house = House(headBytes=0, headCount=0, headSeconds=0)
    wire = Wire(house)
    wire.send(PAGE[:-2] + b"X: y\r\n" * 10_000)
    house.clock.advance(10_000)
    wire.send(b"\r\n")
    assert wire.protocol.name == "pages"


def test_bad() -> None:
    """A bad head is refused before any protocol gets it."""
    house = House()
    wire = Wire(house)
    wire.send(handshake(X="a\x0bOrigin: http://localhost:8080"))
    assert answer(wire) == 400
    assert house.counters.refused == {"http.400": 1}


def test_goneEarly() -> None:
    """A peer that leaves before the end of its head leaves nothing behind."""
    house = House()
    wire = Wire(house)
    wire.send(PAGE[:5])
    wire.lose()
    assert house.clock.getDelayedCalls() == []


def test_behindAWrapper() -> None:
    """Behind a wrapper such as TLS, the wrapper gets the next protocol."""
    house = House()
    for outer in (False, True):
        wrapper = ProtocolWrapper(WrappingFactory(cast(Any, house)), house.buildProtocol(None))
        transport = MemoryTransport()
        transport.protocol = wrapper
        if outer:
            wrapper.makeConnection(transport)
        else:
            wrapper.wrappedProtocol.makeConnection(transport)
        wrapper.wrappedProtocol.dataReceived(PAGE)
        assert wrapper.wrappedProtocol.name == "pages"


def test_silent() -> None:
    """
    A connection without a request, as browsers open in advance, is closed without an answer, and not counted as refused.
    """
    house = House(headSeconds=5)
    wire = Wire(house)
    with logged() as lines:
        house.clock.advance(5)
    assert wire.transport.disconnecting
    assert wire.receive() == b""
    assert (lines, house.counters.refused) == ([], {})


@pytest.mark.parametrize("sent", [b"", b"GET", b"x" * 20_000])
def test_staysAfterClose(sent: bytes) -> None:
    """A closed peer that doesn't leave is dropped."""
    house = House()
    wire = Wire(house)
    wire.send(sent)
    if len(sent) < 1000:
        house.clock.advance(5)
    assert wire.transport.disconnecting
    assert not wire.transport.aborted
    house.clock.advance(LINGER_SECONDS)
    assert wire.transport.aborted
    wire.lose()
    assert len(house.visits) == 0


def test_tooMany() -> None:
    """A connection above the limit of its address is refused before its request, and told when to retry."""
    house = House(pagesPerAddress=2)
    first, second = (Wire(house, PUBLIC) for _ in range(2))
    third = Wire(house, PUBLIC)
    assert third.receive().startswith(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n")
    assert third.transport.disconnecting
    third.send(PAGE)
    assert third.receive() == b""
    assert house.counters.refused == {"http.503": 1}
    second.lose()
    third.lose()
    fourth = Wire(house, PUBLIC)
    fourth.send(PAGE)
    assert fourth.protocol.name == "pages"
    first.send(handshake())
    assert first.protocol.name == "sockets"
    assert len(house.visits) == 0
