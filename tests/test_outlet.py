"""
The outlet to one peer, over a transport that is full when the test says so.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.interfaces import IPushProducer
from zope.interface.verify import verifyObject

from ratchet_tx.outlet import Outlet
from ratchet_tx.spare import Spare


class Transport:
    """
    Says that it is full whenever it was given so many bytes; strict about what a transport is asked for.
    """

    def __init__(self, room: int = 0) -> None:
        self.room = room
        self.written: list[bytes] = []
        self.producer: Any = None
        self.closed = self.aborted = False

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
        self.aborted = True


class Peer:
    def __init__(self, room: int = 0, limit: int = 100) -> None:
        self.transport = Transport(room)
        self.overflows = 0
        self.spared: list[Spare] = []
        self.outlet = Outlet(self.transport, limit, self._overflow, self.spared.append)

    def _overflow(self) -> None:
        self.overflows += 1
        self.outlet.write(b"bye")

    @property
    def received(self) -> bytes:
        return b"".join(self.transport.written)


def test_interface() -> None:
    """An outlet is a producer."""
    verifyObject(IPushProducer, Peer().outlet)


def test_whoReads() -> None:
    """For a peer that reads nothing waits."""
    peer = Peer(room=1000)
    for data in (b"a", b"b", b"c"):
        peer.outlet.write(data)
    assert (peer.received, peer.outlet.queuedBytes) == (b"abc", 0)


def test_whoDoesnt() -> None:
    """For a peer that doesn't read it waits, is counted, and comes in order as soon as he reads."""
    peer = Peer(room=1)
    for data in (b"a", b"bb", b"ccc"):
        peer.outlet.write(data)
    assert (peer.received, peer.outlet.queuedBytes) == (b"a", 5)
    peer.transport.drain()
    assert (peer.received, peer.outlet.queuedBytes) == (b"abbccc", 0)
    peer.outlet.write(b"d")
    assert peer.received == b"abbcccd"


def test_portions() -> None:
    """What waits is given to the transport in portions, so that it can say when it is full again."""
    peer = Peer(room=1, limit=0)
    for _ in range(10):
        peer.outlet.write(b"x" * 30_000)
    peer.transport.drain(room=1)
    assert [len(data) for data in peer.transport.written] == [30_000, 90_000]
    assert peer.outlet.queuedBytes == 180_000
    peer.transport.drain()
    assert peer.outlet.queuedBytes == 0


def test_tooMuch() -> None:
    """Where too much waits it is dropped, and the connection is to end; what says so still waits."""
    peer = Peer(room=1, limit=10)
    peer.outlet.write(b"a")
    peer.outlet.write(b"x" * 10)
    assert peer.overflows == 0
    peer.outlet.write(b"y")
    assert (peer.overflows, peer.outlet.queuedBytes) == (1, 3)
    peer.transport.drain()
    assert peer.received == b"abye"


def test_noLimit() -> None:
    """Where the limit is switched off, any number may wait."""
    peer = Peer(room=1, limit=0)
    for _ in range(100):
        peer.outlet.write(b"x" * 1000)
    assert (peer.overflows, peer.outlet.queuedBytes) == (0, 99_000)


def test_drop() -> None:
    """Where too much waits, what may be dropped is dropped first, and the connection stays."""
    tick, price = Spare("tick", None, False), Spare("price", None, True)
    peer = Peer(room=1, limit=10)
    peer.outlet.write(b"a")
    for data, spare in ((b"t" * 4, tick), (b"p" * 2, price), (b"t" * 4, tick)):
        peer.outlet.write(data, spare)
    peer.outlet.write(b"news")
    assert (peer.overflows, peer.spared) == (0, [tick, tick])
    peer.transport.drain()
    assert peer.received == b"appnews"


def test_latest() -> None:
    """Of what only the latest is needed of, an earlier one that waits makes room for a later one of the same room."""
    gold, silver = Spare("price", "gold", True), Spare("price", "silver", True)
    peer = Peer(room=1)
    peer.outlet.write(b"0", gold)
    for data, spare in ((b"1", gold), (b"2", silver), (b"3", None), (b"4", gold), (b"5", gold)):
        peer.outlet.write(data, spare)
    assert (peer.outlet.queuedBytes, peer.spared) == (3, [gold, gold])
    peer.transport.drain()
    assert peer.received == b"0235"


def test_closing() -> None:
    """A connection is closed when nothing waits any more."""
    peer = Peer(room=1)
    peer.outlet.write(b"a")
    peer.outlet.write(b"b")
    peer.outlet.close()
    assert not peer.transport.closed
    peer.transport.drain()
    assert peer.transport.closed
    assert peer.received == b"ab"


def test_closingAtOnce() -> None:
    """Where nothing waits, a connection is closed at once."""
    peer = Peer(room=1000)
    peer.outlet.close()
    assert peer.transport.closed


def test_aborting() -> None:
    """A connection that is dropped takes with it what waits."""
    peer = Peer(room=1)
    peer.outlet.write(b"a")
    peer.outlet.write(b"b")
    peer.outlet.abort()
    assert peer.transport.aborted
    assert peer.outlet.queuedBytes == 0


def test_gone() -> None:
    """Of what is sent to a peer that is gone nothing is kept."""
    peer = Peer(room=1, limit=10)
    peer.outlet.write(b"a")
    peer.outlet.write(b"b")
    peer.outlet.stopProducing()
    peer.outlet.write(b"c" * 100)
    assert (peer.outlet.queuedBytes, peer.overflows) == (0, 0)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(["write", "drain"]), st.integers(1, 100))))
def test_inOrder(steps: list[tuple[str, int]]) -> None:
    """Whatever the peer's pace, all bytes come, once, in order, and what isn't there yet is counted."""
    peer = Peer(room=10, limit=0)
    sent = b""
    for step, number in steps:
        if step == "write":
            data = bytes([len(sent) % 256]) * number
            peer.outlet.write(data)
            sent += data
        else:
            peer.transport.drain(number)
        assert len(peer.received) + peer.outlet.queuedBytes == len(sent)
        assert sent.startswith(peer.received)
    peer.transport.drain()
    assert peer.received == sent
