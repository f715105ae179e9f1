"""
The outlet over any transport, with one that is full when the test says so.
"""

from typing import Any

from hypothesis import given
from twisted.internet.interfaces import IPushProducer

from ratchet_tx.transport.sockets.outlet import NOWHERE, Outlet
from ratchet_tx.wire.frames import Spare
from tests.kit.examples import examples
from tests.kit.outlets import OutletContract, Peer, checkOrder, steps


class Transport:
    """
    A strict fake of a transport, which says that it is full after this many bytes.
    """

    def __init__(self, room: int = 0) -> None:
        self.room = room
        self.written: list[bytes] = []
        self.producer: Any = None
        self.closed = False
        self.aborts = 0

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert self.producer is None
        assert streaming
        self.producer = producer

    def unregisterProducer(self) -> None:
        assert self.producer is not None
        self.producer = None

    def write(self, data: bytes) -> None:
        assert data, "nothing is not written"
        assert not self.closed
        self.written.append(data)
        self.room -= len(data)
        if self.room <= 0 and self.producer is not None:
            self.producer.pauseProducing()

    def drain(self, room: int = 1 << 30) -> None:
        self.room = room
        if self.producer is not None:
            self.producer.resumeProducing()

    def loseConnection(self) -> None:
        assert self.producer is None, "a transport waits for its producer"
        self.closed = True

    def abortConnection(self) -> None:
        self.aborts += 1


class Reader(Peer):
    def __init__(self, room: int = 0, limit: int = 100) -> None:
        super().__init__()
        self.transport = Transport(room)
        self.outlet = Outlet(self.transport, limit, self)

    @property
    def received(self) -> bytes:
        return b"".join(self.transport.written)

    @property
    def closed(self) -> bool:
        return self.transport.closed

    @property
    def aborts(self) -> int:
        return self.transport.aborts

    def drain(self, room: int = 1 << 30) -> None:
        self.transport.drain(room)

    def lose(self) -> None:
        self.outlet.stopProducing()


class TestOutlet(OutletContract):
    interface = IPushProducer

    def make(self, room: int = 0, limit: int = 100) -> Reader:
        return Reader(room, limit)

    def test_portions(self) -> None:
        """Waiting bytes go to the transport in portions, so that it can say again when it is full."""
        peer = self.make(room=1, limit=0)
        for _ in range(10):
            peer.write(b"x" * 30_000)
        peer.drain(room=1)
        assert [len(data) for data in peer.transport.written] == [30_000, 90_000]
        assert peer.outlet.queuedBytes == 180_000
        peer.drain()
        assert peer.outlet.queuedBytes == 0

    def test_drop(self) -> None:
        """Above the limit droppable pieces are dropped first, and the connection stays."""
        tick, price = Spare("tick", None, False), Spare("price", None, True)
        peer = self.make(room=1, limit=10)
        peer.write(b"a")
        for data, spare in ((b"t" * 4, tick), (b"p" * 2, price), (b"t" * 4, tick)):
            peer.write(data, spare)
        peer.write(b"news")
        assert (peer.overflows, peer.dropped) == (0, [tick, tick])
        peer.drain()
        assert peer.received == b"appnews"

    def test_latest(self) -> None:
        """A later piece marked as latest replaces a waiting one of the same room."""
        gold, silver = Spare("price", "gold", True), Spare("price", "silver", True)
        peer = self.make(room=1)
        peer.write(b"0", gold)
        for data, spare in ((b"1", gold), (b"2", silver), (b"3", None), (b"4", gold), (b"5", gold)):
            peer.write(data, spare)
        assert (peer.outlet.queuedBytes, peer.dropped) == (3, [gold, gold])
        peer.drain()
        assert peer.received == b"0235"


@examples(200)
@given(steps)
def test_inOrder(steps: list[tuple[str, int]]) -> None:
    """At any pace of the peer all bytes arrive, once and in order, and those which haven't arrived are counted."""
    checkOrder(Reader(room=10, limit=0), steps)


def test_gone() -> None:
    """Writing to a peer that is gone does nothing, and nothing waits."""
    NOWHERE.write(b"news", Spare("tick", None, False))
    for end in (NOWHERE.close, NOWHERE.abort, NOWHERE.lose):
        end()
    assert (NOWHERE.queuedBytes, NOWHERE.moved()) == (0, False)
