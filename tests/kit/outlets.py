"""
The contract of both kinds of outlet, over a transport that is full when the test says so.
"""

from typing import Any

import pytest
from hypothesis import strategies as st
from zope.interface.verify import verifyObject

from ratchet_tx.wire.frames import Spare


class Peer:
    """
    A peer that reads as much as the test says, and the owner of the outlet to it.

    A subclass makes C{outlet}, reads in C{drain}, and has what arrived in C{received}.

    @ivar overflows: how often the peer was too slow
    @ivar dropped: the marks of the frames that were dropped
    @ivar waiting: the number of waiting bytes that the owner was last told
    """

    outlet: Any

    def __init__(self) -> None:
        self.overflows = self.waiting = 0
        self.dropped: list[Spare] = []

    @property
    def received(self) -> bytes:
        raise NotImplementedError

    @property
    def closed(self) -> bool:
        raise NotImplementedError

    @property
    def aborts(self) -> int:
        """
        How often the transport was told to abort.
        """
        raise NotImplementedError

    def drain(self, room: int = 1 << 30) -> None:
        """
        Read this many bytes more.
        """
        raise NotImplementedError

    def lose(self) -> None:
        """
        Lose the connection.
        """
        raise NotImplementedError

    def write(self, data: bytes, spare: Spare | None = None) -> None:
        """
        Write to the peer, in a turn of its own.
        """
        self.outlet.write(data, spare)
        self.turn()

    def turn(self) -> None:
        """
        End the turn.
        """

    def tooSlow(self) -> None:
        self.overflows += 1
        self.outlet.write(b"bye")

    def waits(self, size: int) -> None:
        self.waiting = size

    def spared(self, spare: Spare) -> None:
        self.dropped.append(spare)


class OutletContract:
    interface: Any

    def make(self, room: int = 0, limit: int = 100) -> Peer:
        """
        Make a peer that first reads this many bytes.
        """
        raise NotImplementedError

    def test_interface(self) -> None:
        """An outlet is a producer."""
        verifyObject(self.interface, self.make().outlet)

    def test_fastPeer(self) -> None:
        """Nothing waits for a peer that reads."""
        peer = self.make(room=1000)
        for data in (b"a", b"b", b"c"):
            peer.write(data)
        assert (peer.received, peer.outlet.queuedBytes) == (b"abc", 0)

    def test_slowPeer(self) -> None:
        """Bytes for a peer that doesn't read wait, are counted, and arrive in order as soon as it reads."""
        peer = self.make(room=1)
        for data in (b"a", b"bb", b"ccc"):
            peer.write(data)
        assert (peer.received, peer.outlet.queuedBytes) == (b"a", 5)
        peer.drain()
        assert (peer.received, peer.outlet.queuedBytes) == (b"abbccc", 0)
        peer.write(b"d")
        assert peer.received == b"abbcccd"

    def test_tooMuch(self) -> None:
        """Above the limit the waiting bytes are dropped and the owner is told; what the owner writes then still waits."""
        peer = self.make(room=1, limit=10)
        peer.write(b"a")
        peer.write(b"x" * 10)
        assert peer.overflows == 0
        peer.write(b"y")
        assert peer.overflows == 1
        peer.drain()
        assert peer.received[:1] == b"a"
        assert peer.received[-3:] == b"bye"
        assert peer.outlet.queuedBytes == 0

    def test_long(self) -> None:
        """
        One write above the limit is no overflow for a peer that has read everything before; nor is what fits behind it.
        """
        peer = self.make(room=3, limit=10)
        peer.write(b"a")
        peer.write(b"x" * 100)
        peer.write(b"y" * 10)
        assert peer.overflows == 0
        peer.write(b"z")
        assert peer.overflows == 1
        peer.drain()
        assert peer.received[:101] == b"a" + b"x" * 100

    def test_noLimit(self) -> None:
        """With the limit switched off, any number of bytes may wait."""
        peer = self.make(room=1, limit=0)
        peer.write(b"x")
        for _ in range(100):
            peer.write(b"x" * 1000)
        assert (peer.overflows, peer.outlet.queuedBytes) == (0, 100_000)

    def test_waits(self) -> None:
        """The owner is told how many bytes wait whenever that changes, down to 0."""
        peer = self.make(room=1, limit=1000)
        peer.write(b"a")
        assert peer.waiting == 0
        for size in (100, 300):
            peer.write(b"x" * size)
            assert peer.waiting == peer.outlet.queuedBytes > 0
        peer.write(b"x" * 1000)
        assert (peer.overflows, peer.waiting) == (1, peer.outlet.queuedBytes)
        peer.drain()
        assert peer.waiting == peer.outlet.queuedBytes == 0

    def test_drop(self) -> None:
        """C{drop} drops the waiting bytes; later writes arrive, however long they are."""
        peer = self.make(room=1, limit=100)
        peer.outlet.drop()
        for data in (b"a", b"b" * 50, b"c" * 50):
            peer.write(data)
        peer.outlet.drop()
        assert peer.waiting == peer.outlet.queuedBytes < 60
        peer.write(b"d" * 200)
        peer.drain()
        assert (peer.received[:1], peer.received[-200:], peer.overflows) == (b"a", b"d" * 200, 0)
        assert b"c" not in peer.received

    def test_closing(self) -> None:
        """A connection is closed when nothing waits any more."""
        peer = self.make(room=1)
        peer.write(b"a")
        peer.write(b"b")
        peer.outlet.close()
        assert not peer.closed
        peer.drain()
        assert peer.closed
        assert peer.received == b"ab"

    def test_closingAtOnce(self) -> None:
        """A connection is closed at once if nothing waits."""
        peer = self.make(room=1000)
        peer.outlet.close()
        assert peer.closed

    def test_aborting(self) -> None:
        """An abort drops the waiting bytes."""
        peer = self.make(room=1)
        peer.write(b"a")
        peer.write(b"b")
        peer.outlet.abort()
        assert peer.aborts == 1
        assert peer.outlet.queuedBytes == 0

    @pytest.mark.parametrize("room", [1, 1000])
    def test_aborted(self, room: int) -> None:
        """After an abort nothing is sent, nothing waits, and a second abort does nothing."""
        peer = self.make(room=room)
        peer.write(b"a")
        peer.write(b"b")
        peer.outlet.abort()
        before = peer.received
        peer.write(b"c" * 1000)
        assert (peer.received, peer.outlet.queuedBytes, peer.overflows) == (before, 0, 0)
        peer.outlet.abort()
        assert peer.aborts == 1

    def test_gone(self) -> None:
        """Nothing is kept for a peer that is gone, and an abort does nothing."""
        peer = self.make(room=1, limit=10)
        peer.write(b"a")
        peer.write(b"b")
        peer.lose()
        peer.write(b"c" * 100)
        assert (peer.outlet.queuedBytes, peer.overflows) == (0, 0)
        peer.outlet.abort()
        assert peer.aborts == 0

    def test_moved(self) -> None:
        """C{moved} says whether the peer has read since the last call."""
        peer = self.make(room=1)
        peer.write(b"a")
        peer.write(b"b")
        peer.outlet.moved()
        assert not peer.outlet.moved()
        peer.drain()
        assert peer.outlet.moved()
        assert not peer.outlet.moved()


#: The steps of an outlet: so many bytes are written, or read.
steps = st.lists(st.tuples(st.sampled_from(["write", "drain"]), st.integers(1, 100)))


def checkOrder(peer: Peer, steps: list[tuple[str, int]]) -> None:
    """
    Check that all bytes arrive, once and in order, and that those which haven't arrived are counted.
    """
    sent = b""
    for step, number in steps:
        if step == "write":
            data = bytes([len(sent) % 256]) * number
            peer.write(data)
            sent += data
        else:
            peer.drain(number)
        assert len(peer.received) + peer.outlet.queuedBytes >= len(sent)
        assert sent.startswith(peer.received)
    peer.drain()
    assert peer.received == sent
    assert peer.outlet.queuedBytes == 0
