"""
The factory of a port: its settings, when its hub runs, and its pages.
"""

import pytest
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock

from ratchet_tx import Hub, RatchetServerFactory, Settings, UsageError
from ratchet_tx.settings import Limits
from ratchet_tx.transport.handshake import alpn
from ratchet_tx.transport.sockets.directoutlet import DirectOutlet
from ratchet_tx.transport.sockets.outlet import Outlet
from tests.kit.ends import MemoryReactor, MemoryTransport, Wire
from tests.kit.fakes import logged
from tests.kit.sockets import SocketReactor, SocketWire
from tests.kit.wire import handshake


def test_running() -> None:
    """The hub runs from the factory's first port to its last, and is told before the reactor shuts down."""
    reactor = MemoryReactor()
    factory = RatchetServerFactory(Hub(), reactor)
    with logged():
        for _ in range(2):
            factory.doStart()
        assert factory.hub.running
        factory.doStop()
        assert factory.hub.running
        reactor.shutDown()
        assert not factory.hub.running
        factory.doStop()
    assert reactor.triggers["before"]["shutdown"] == []


class Pages(Factory):
    """
    Pages that only record their start and stop.
    """

    protocol = Protocol
    noisy = False

    def __init__(self) -> None:
        self.happened: list[str] = []

    def startFactory(self) -> None:
        self.happened.append("started")

    def stopFactory(self) -> None:
        self.happened.append("stopped")


def test_pages() -> None:
    """Pages start and stop with the factory, and get ordinary requests; without pages these get 426."""
    pages = Pages()
    page = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    factories = [RatchetServerFactory(Hub(), MemoryReactor(), each) for each in (pages, None)]
    with logged():
        for factory in factories:
            factory.doStart()
        wires = [Wire(factory) for factory in factories]
        for wire in wires:
            wire.send(page)
        assert type(wires[0].protocol) is Protocol
        assert wires[1].receive().startswith(b"HTTP/1.1 426 ")
        for wire, factory in zip(wires, factories, strict=True):
            wire.lose()
            factory.doStop()
    assert pages.happened == ["started", "stopped"]


@pytest.mark.parametrize(
    ("messageBytes", "longestText", "mostFragments"),
    [(65_536, 65_535, 1024), (1000, 1000, 1024), (1 << 20, 65_535, 16_384), (0, 65_535, float("inf"))],
)
def test_sizes(messageBytes: int, longestText: int, mostFragments: float) -> None:
    """The limit of messages sets the longest message of the fast path, and how many frames a message may have."""
    factory = RatchetServerFactory(Hub(settings=Settings(limits=Limits(messageBytes=messageBytes))), MemoryReactor())
    assert (factory.longestText, factory.mostFragments) == (longestText, mostFragments)
    assert factory.maxMessagePayloadSize == factory.maxFramePayloadSize == messageBytes


@pytest.mark.parametrize(
    ("without", "fast", "polls", "kind"),
    [
        ((), True, True, DirectOutlet),
        (("fast-path",), False, True, DirectOutlet),
        (("nested-epoll",), True, False, DirectOutlet),
        (("direct-writes",), True, True, Outlet),
    ],
)
def test_shortcuts(without: tuple[str, ...], fast: bool, polls: bool, kind: type) -> None:
    """Each shortcut may be left out alone; anything but plain TCP is written to through its transport."""
    reactor = SocketReactor()
    factory = RatchetServerFactory(Hub(settings=Settings(without=without)), reactor)
    assert (factory.takesTexts, factory.poller is not None) == (fast, polls)
    with logged():
        factory.doStart()
        wire = SocketWire(factory).open()
        assert type(wire.protocol.outlet) is kind
        wire.lose()
        factory.doStop()
    assert type(factory.makeOutlet(MemoryTransport(), wire.protocol, True)) is Outlet


def test_everyOrigin() -> None:
    """The log warns of a server that accepts pages of every origin."""
    factory = RatchetServerFactory(Hub(settings=Settings(origin=("*",))), MemoryReactor())
    with logged() as lines:
        factory.doStart()
        factory.doStop()
    assert any("Pages of every origin may connect" in line for line in lines)


def test_tls() -> None:
    """Over TLS the factory offers the protocols of C{alpn}."""
    assert RatchetServerFactory(Hub(), MemoryReactor()).acceptableProtocols() == alpn.acceptableProtocols()


def test_badOrigins() -> None:
    """A setting that is no origin is an error when the factory is made."""
    with pytest.raises(UsageError, match=r"example\.org"):
        RatchetServerFactory(Hub(settings=Settings(origin=("example.org",))))


def test_notRunning() -> None:
    """A hub that doesn't run accepts no peers."""
    wire = Wire(RatchetServerFactory(Hub(clock=Clock())))
    wire.send(handshake())
    assert wire.receive().startswith(b"HTTP/1.1 503 ")
    wire.lose()
