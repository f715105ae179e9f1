"""
The nested epoll, with real sockets and a reactor that watches nothing else.
"""

from collections.abc import Iterator
from contextlib import suppress
from socket import SO_LINGER, SOL_SOCKET, create_connection, socket
from struct import pack
from typing import Any, cast

import pytest
from twisted.internet import reactor
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.internet.tcp import Server
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from ratchet_tx import Hub, RatchetServerFactory
from ratchet_tx.transport.sockets.corking import Batch
from ratchet_tx.transport.sockets.epoll import Poller
from tests.kit.fakes import logged
from tests.kit.wire import handshake


class Watching(Clock):
    """
    A strict reactor that records what it watches.
    """

    def __init__(self) -> None:
        super().__init__()
        self.watched: list[Any] = []

    def addReader(self, reader: Any) -> None:
        assert reader not in self.watched
        self.watched.append(reader)

    def removeReader(self, reader: Any) -> None:
        self.watched.remove(reader)


class Listening(Protocol):
    """
    A protocol that records what it receives; on request it raises, or ends another connection.
    """

    def __init__(self) -> None:
        self.received = b""
        self.lost: Any = None
        self.other: Any = None
        self.heard: Any = lambda: None

    def dataReceived(self, data: bytes) -> None:
        self.received += data
        self.heard()
        if data == b"raise":
            raise ValueError("broken")
        if self.other is not None:
            self.other.connectionLost(Failure(ConnectionError()))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        assert self.lost is None
        self.lost = reason.type


class House:
    """
    A poller and its connections.
    """

    def __init__(self) -> None:
        self.reactor = Watching()
        self.clock = Clock()
        self.batch = Batch(self.clock)
        self.poller = Poller(cast(Any, self.reactor), self.batch)
        self._listening = socket()
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen()
        self.clients: list[socket] = []
        self.transports: list[Any] = []

    def connect(self) -> tuple[socket, Any, int]:
        return self.accept(self.dial())

    def dial(self) -> socket:
        return create_connection(self._listening.getsockname())

    def accept(self, client: socket) -> tuple[socket, Any, int]:
        server, address = self._listening.accept()
        server.setblocking(False)
        protocol = Listening()
        transport = Server(server, protocol, address, None, 1, reactor)
        protocol.makeConnection(transport)
        self.clients.append(client)
        self.transports.append(transport)
        return client, transport, self.poller.hold(transport)

    def turn(self) -> None:
        """
        Read what is ready, and do what is left for the next turn.
        """
        self.poller.doRead()
        self.reactor.advance(0)

    def close(self) -> None:
        for transport in self.transports:
            if transport.connected:
                transport.connectionLost(Failure(ConnectionError()))
        for each in (self._listening, *self.clients):
            each.close()


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.close()


def test_interface(house: House) -> None:
    """A poller is a reader for a reactor."""
    house.connect()
    verifyObject(IReadDescriptor, house.poller)
    assert house.poller.logPrefix() == "ratchet"


def test_reading(house: House) -> None:
    """Readable connections are read and others aren't, and the reactor watches one descriptor."""
    connections = [house.connect() for _ in range(3)]
    assert house.reactor.watched == [house.poller]
    for client, _, _ in connections[:2]:
        client.sendall(b"hi")
    house.poller.doRead()
    assert [transport.protocol.received for _, transport, _ in connections] == [b"hi", b"hi", b""]


def test_turns(house: House) -> None:
    """Writes made during the reading are sent after it, without a delayed call."""
    told: list[bytes] = []

    class Corked:
        def flush(self) -> None:
            told.extend(transport.protocol.received for _, transport, _ in connections)

    connections = [house.connect() for _ in range(3)]
    for client, transport, _ in connections:
        client.sendall(b"hi")
        transport.protocol.heard = lambda: house.batch.add(Corked())
    house.poller.doRead()
    assert told == [b"hi"] * 9
    assert house.clock.getDelayedCalls() == []
    house.batch.add(Corked())
    assert len(house.clock.getDelayedCalls()) == 1


def test_manyAtOnce(house: House) -> None:
    """A turn reads a limited number of connections, so that no peer waits long for what was written to it."""
    connections = [house.connect() for _ in range(100)]
    for client, _, _ in connections:
        client.sendall(b"hi")
    house.poller.doRead()
    assert sum(transport.protocol.received == b"hi" for _, transport, _ in connections) == 64
    house.poller.doRead()
    assert all(transport.protocol.received == b"hi" for _, transport, _ in connections)


def test_releasing(house: House) -> None:
    """A released connection isn't read until it is held again; without connections the reactor watches nothing."""
    client, transport, number = house.connect()
    house.poller.release(number, transport)
    house.poller.release(number, transport)
    assert (house.reactor.watched, len(house.poller)) == ([], 0)
    client.sendall(b"hi")
    house.poller.doRead()
    assert transport.protocol.received == b""
    assert house.poller.hold(transport) == number
    house.poller.doRead()
    assert transport.protocol.received == b"hi"


def test_done(house: House) -> None:
    """A connection that its peer closes ends as it would in the reactor."""
    client, transport, _ = house.connect()
    protocol = transport.protocol
    client.close()
    house.turn()
    assert protocol.lost.__name__ == "ConnectionDone"
    assert len(house.poller) == 0


def test_reset(house: House) -> None:
    """A connection that its peer resets is lost."""
    client, transport, _ = house.connect()
    protocol = transport.protocol
    client.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
    client.close()
    house.turn()
    assert protocol.lost.__name__ == "ConnectionLost"


def test_failing(house: House) -> None:
    """A connection whose reading raises is logged and dropped, and doesn't affect the others."""
    (bad, transport, _), (good, other, _) = house.connect(), house.connect()
    protocol = transport.protocol
    bad.sendall(b"raise")
    good.sendall(b"hi")
    with logged() as lines:
        house.turn()
    assert "Read failed, connection dropped: address=127.0.0.1" in lines[0]
    assert "ValueError: broken" in lines[0]
    assert protocol.lost is ValueError
    assert other.protocol.received == b"hi"
    assert len(house.poller) == 1


def test_endedByAnother(house: House) -> None:
    """A connection that ends while another is read isn't read any more, even if it is readable."""
    connections = [house.connect() for _ in range(2)]
    for (client, transport, _), (_, other, number) in zip(connections, reversed(connections), strict=True):
        transport.protocol.other = other
        transport.protocol.number = number
        client.sendall(b"hi")
    protocols = [transport.protocol for _, transport, _ in connections]
    for protocol, (_, transport, number) in zip(protocols, connections, strict=True):
        end = protocol.connectionLost

        def connectionLost(reason: Any, end: Any = end, number: int = number, transport: Any = transport) -> None:
            house.poller.release(number, transport)
            end(reason)

        protocol.connectionLost = connectionLost
    house.poller.doRead()
    assert sorted(protocol.received for protocol in protocols) == [b"", b"hi"]


def test_numbersUsedAgain(house: House) -> None:
    """A file number that was used again leads to the new connection."""
    _, transport, number = house.connect()
    client = house.dial()
    house.poller.release(number, transport)
    transport.connectionLost(Failure(ConnectionError()))
    _, other, again = house.accept(client)
    client.sendall(b"hi")
    house.poller.doRead()
    assert other.protocol.received == b"hi"
    assert len(house.poller) == 1
    assert again == number


def test_shutdown(house: House) -> None:
    """At the reactor's end, which knows only the poller, all connections are lost."""
    protocols = [house.connect()[1].protocol for _ in range(3)]
    with suppress(ValueError):
        house.poller.connectionLost(Failure(ConnectionError()))
    assert {protocol.lost.__name__ for protocol in protocols} == {"ConnectionLost"}
    assert len(house.poller) == 0


def reset(client: socket) -> None:
    """
    Reset a connection.
    """
    client.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
    client.close()


def test_lostInTheNextTurn(house: House) -> None:
    """A lost connection keeps its socket for this turn, and the reactor neither reads nor writes it any more."""
    client, transport, number = house.connect()
    protocol = transport.protocol
    reset(client)
    house.poller.doRead()
    assert (protocol.lost, transport.fileno(), len(house.poller)) == (None, number, 0)
    assert transport not in reactor.getReaders() + reactor.getWriters()  # type: ignore[attr-defined]
    house.reactor.advance(0)
    assert protocol.lost.__name__ == "ConnectionLost"
    assert transport.fileno() == -1


def test_lostTwice(house: House) -> None:
    """A connection that is lost again before it was told is told once; another read meanwhile does nothing."""
    (client, transport, number), (other, second, _) = house.connect(), house.connect()
    protocols = [each.protocol for each in (transport, second)]
    reset(client)
    other.close()
    house.poller.doRead()
    assert house.poller.hold(transport) == number
    assert len(house.poller) == 0
    transport.connectionLost(Failure(ConnectionError()))
    second.connectionLost(Failure(ConnectionError()))
    house.turn()
    assert [protocol.lost for protocol in protocols] == [ConnectionError] * 2


def test_releasedTwice(house: House) -> None:
    """A second release of a number that a new connection has doesn't stop the new one."""
    _, transport, number = house.connect()
    client = house.dial()
    house.poller.release(number, transport)
    transport.connectionLost(Failure(ConnectionError()))
    _, other, again = house.accept(client)
    assert again == number
    house.poller.release(number, transport)
    client.sendall(b"hi")
    house.poller.doRead()
    assert other.protocol.received == b"hi"


def test_shutdownBetween(house: House) -> None:
    """Connections that wait to be told of their loss are told at the reactor's end, which has no next turn."""
    client, transport, _ = house.connect()
    protocol = transport.protocol
    house.connect()
    reset(client)
    house.poller.doRead()
    house.poller.connectionLost(Failure(ConnectionError()))
    assert protocol.lost.__name__ == "ConnectionLost"
    house.reactor.advance(0)


@pytest.mark.parametrize("writing", [True, False])
def test_newcomers(writing: bool) -> None:
    """
    A new connection gets no events of a connection that is lost in the same turn, even if both have the same file number.

    The system tells what has happened in its order: that the first can be read, that the second comes, and then that the
    first can be written to.
    """
    reactor: Any = EPollReactor()
    hub = Hub()
    port = reactor.listenTCP(0, RatchetServerFactory(hub, reactor), interface="127.0.0.1")

    def connect() -> socket:
        client = create_connection(("127.0.0.1", port.getHost().port))
        client.settimeout(10)
        client.sendall(handshake())
        return client

    def turn(times: int) -> None:
        for _ in range(times):
            reactor.iterate(0)

    first = connect()
    turn(4)
    assert len(hub.connections) == 1
    reset(first)
    second = connect()
    if writing:
        hub.emit("news")
    turn(6)
    assert second.recv(100).startswith(b"HTTP/1.1 101")
    assert len(hub.connections) == 1
    second.close()
    turn(4)
    assert len(hub.connections) == 0
    port.stopListening()
    turn(2)
