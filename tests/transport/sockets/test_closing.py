"""
Closed connections that don't end.
"""

from twisted.internet.task import Clock

from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.transport.sockets.closing import LINGER_SECONDS, Closing


class Peer:
    """
    A peer that goes on reading for a while.
    """

    def __init__(self, moves: int = 0) -> None:
        self.moves = moves
        self.dropped = 0

    def moved(self) -> bool:
        self.moves -= 1
        return self.moves >= 0

    def drop(self) -> None:
        self.dropped += 1


def test_staysAfterClose() -> None:
    """A closed peer that doesn't leave is dropped once; one that leaves isn't."""
    clock = Clock()
    closing = Closing(Patience(clock))
    staying, going = Peer(), Peer()
    closing.begin(staying)
    closing.begin(going)
    clock.advance(LINGER_SECONDS - 0.1)
    closing.ended(going)
    closing.ended(Peer())
    assert staying.dropped == 0
    clock.advance(0.1)
    assert (staying.dropped, going.dropped) == (1, 0)
    clock.advance(100)
    assert staying.dropped == 1
    assert clock.getDelayedCalls() == []


def test_readsAfterClose() -> None:
    """A closed peer that goes on reading gets more time."""
    clock = Clock()
    closing = Closing(Patience(clock))
    peer = Peer(moves=2)
    closing.begin(peer)
    clock.pump([LINGER_SECONDS] * 2)
    assert peer.dropped == 0
    clock.advance(LINGER_SECONDS)
    assert peer.dropped == 1
