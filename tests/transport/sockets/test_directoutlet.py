"""
The outlet over plain TCP, with a socket that takes as much as the test says and a transport that writes the rest.
"""

from typing import Any

import pytest
from hypothesis import given
from twisted.internet.interfaces import IPullProducer
from twisted.internet.task import Clock

from ratchet_tx.transport.sockets.backlog import PORTION
from ratchet_tx.transport.sockets.corking import Batch
from ratchet_tx.transport.sockets.directoutlet import DirectOutlet
from ratchet_tx.wire.frames import Spare
from tests.kit.examples import examples
from tests.kit.outlets import OutletContract, Peer, checkOrder, steps


class Socket:
    """
    A socket that takes this many bytes, and more only when the test says so.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self.sent: list[bytes] = []
        self.broken = False

    def send(self, data: bytes) -> int:
        assert data, "nothing is not sent"
        if self.broken:
            raise ConnectionResetError
        if not self.room:
            raise BlockingIOError
        taken = data[: self.room]
        self.room -= len(taken)
        self.sent.append(taken)
        return len(taken)


class Transport:
    """
    A strict fake of the used part of Twisted's transport over that socket.
    """

    def __init__(self, room: int = 0) -> None:
        self.socket = Socket(room)
        self.producer: Any = None
        self.buffer = b""
        self.closing = False
        self.aborts = 0

    def getHandle(self) -> Socket:
        return self.socket

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert self.producer is None
        assert not streaming
        self.producer = producer
        producer.resumeProducing()

    def unregisterProducer(self) -> None:
        assert self.producer is not None
        self.producer = None

    def write(self, data: bytes) -> None:
        assert data, "nothing is not written"
        assert not self.closing
        self.buffer += data

    def turn(self) -> None:
        """
        Write what the socket takes, like the reactor, until it is full.
        """
        while self.buffer and self.socket.room:
            self.buffer = self.buffer[self.socket.send(self.buffer) :]
            if not self.buffer and self.producer is not None:
                self.producer.resumeProducing()

    def loseConnection(self) -> None:
        assert self.producer is None, "a transport waits for its producer"
        self.closing = True

    def abortConnection(self) -> None:
        self.aborts += 1


class Reader(Peer):
    def __init__(self, room: int = 0, limit: int = 100, fresh: bool = True) -> None:
        super().__init__()
        self.clock = Clock()
        self.transport = Transport(room)
        self.outlet = DirectOutlet(self.transport, limit, self, Batch(self.clock), fresh)

    def turn(self) -> None:
        self.outlet.flush()

    @property
    def received(self) -> bytes:
        return b"".join(self.transport.socket.sent)

    @property
    def closed(self) -> bool:
        return self.transport.closing and not self.transport.buffer

    @property
    def aborts(self) -> int:
        return self.transport.aborts

    def drain(self, room: int = 1 << 30) -> None:
        self.transport.socket.room = room
        self.transport.turn()

    def lose(self) -> None:
        if self.transport.producer is not None:
            self.outlet.stopProducing()
        self.outlet.lose()


class TestDirectOutlet(OutletContract):
    interface = IPullProducer

    def make(self, room: int = 0, limit: int = 100) -> Reader:
        return Reader(room, limit)

    def test_cork(self) -> None:
        """The writes of one turn are one write to the socket at its end, and count as waiting until then."""
        peer = self.make(room=1000)
        for data in (b"a", b"b", b"c"):
            peer.outlet.write(data)
        assert (peer.received, peer.outlet.queuedBytes) == (b"", 3)
        peer.clock.advance(0)
        assert (peer.transport.socket.sent, peer.outlet.queuedBytes) == ([b"abc"], 0)
        peer.outlet.flush()
        assert peer.clock.getDelayedCalls() == []

    def test_largeCork(self) -> None:
        """A turn that writes very much sends some of it before its end."""
        peer = self.make(room=1 << 30, limit=0)
        for _ in range(100):
            peer.outlet.write(b"x" * 10_000)
            assert peer.outlet.queuedBytes <= PORTION
        assert len(peer.received) > 900_000

    def test_directAgain(self) -> None:
        """When nothing waits any more, writes go directly to the socket again."""
        peer = self.make(room=1)
        peer.write(b"ab")
        assert peer.transport.producer is peer.outlet
        peer.drain()
        assert peer.transport.producer is None
        peer.write(b"c")
        assert peer.transport.buffer == b""
        assert peer.received == b"abc"

    def test_portions(self) -> None:
        """Waiting bytes go to the transport in portions, each after the last one is written."""
        peer = self.make(room=0, limit=0)
        for _ in range(10):
            peer.write(b"x" * 30_000)
        assert len(peer.transport.buffer) == 30_000
        peer.drain(room=30_000)
        assert len(peer.transport.buffer) == 90_000
        assert peer.outlet.queuedBytes == 270_000
        peer.drain()
        assert len(peer.received) == 300_000

    def test_usedTransport(self) -> None:
        """A transport that was written to before may have bytes left, which go first."""
        peer = Reader(room=1000, fresh=False)
        peer.transport.write(b"page")
        peer.write(b"a")
        assert peer.received == b""
        peer.drain()
        assert peer.received == b"pagea"
        peer.write(b"b")
        assert peer.transport.socket.sent[-1] == b"b"

    def test_usedTransportClosed(self) -> None:
        """A used transport can be closed before anything is written."""
        peer = Reader(fresh=False)
        peer.outlet.close()
        assert peer.closed

    def test_broken(self) -> None:
        """A failing socket is left to the transport, which fails too and reports it."""
        peer = self.make(room=1000)
        peer.transport.socket.broken = True
        peer.write(b"a")
        assert peer.transport.buffer == b"a"
        with pytest.raises(ConnectionResetError):
            peer.transport.turn()

    def test_corkedAtTheEnd(self) -> None:
        """Bytes that were written before a close are sent before it."""
        peer = self.make(room=1000)
        peer.outlet.write(b"a")
        peer.outlet.close()
        assert peer.received == b"a"
        assert peer.closed

    def test_spare(self) -> None:
        """Droppable pieces are dropped once they wait for the peer; those in the transport still arrive."""
        tick, price = Spare("tick", None, False), Spare("price", None, True)
        peer = self.make(room=0, limit=10)
        peer.write(b"a")
        for data, spare in ((b"t" * 4, tick), (b"1", price), (b"2", price), (b"t" * 4, tick)):
            peer.write(data, spare)
        peer.write(b"news")
        assert (peer.overflows, peer.dropped) == (0, [price, tick, tick])
        peer.drain()
        assert peer.received == b"a2news"


@examples(200)
@given(steps)
def test_inOrder(steps: list[tuple[str, int]]) -> None:
    """At any pace of the peer all bytes arrive, once and in order, and those which haven't arrived are counted."""
    checkOrder(Reader(room=10, limit=0), steps)
