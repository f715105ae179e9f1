"""
The outlets that are flushed at the end of a turn.
"""

from twisted.internet.task import Clock

from ratchet_tx.transport.sockets.corking import Batch
from tests.kit.fakes import logged


class Corked:
    def __init__(self, fails: bool = False) -> None:
        self.flushed = 0
        self._fails = fails

    def flush(self) -> None:
        self.flushed += 1
        if self._fails:
            raise ValueError("broken")


def test_turn() -> None:
    """Each added outlet is flushed once at the end of the turn, by one delayed call for all."""
    clock = Clock()
    batch = Batch(clock)
    corked = [Corked() for _ in range(10)]
    for each in corked:
        batch.add(each)
    assert len(clock.getDelayedCalls()) == 1
    assert sum(each.flushed for each in corked) == 0
    clock.advance(0)
    assert [each.flushed for each in corked] == [1] * 10
    clock.advance(1)
    batch.add(corked[0])
    clock.advance(0)
    assert [each.flushed for each in corked] == [2] + [1] * 9


def test_failing() -> None:
    """A failing outlet is logged, and the others are flushed."""
    clock = Clock()
    batch = Batch(clock)
    corked = [Corked(fails=True), Corked()]
    for each in corked:
        batch.add(each)
    with logged() as lines:
        clock.advance(0)
    assert corked[1].flushed == 1
    assert "Write at the end of a turn failed: address=unknown" in lines[0]
    assert "ValueError: broken" in lines[0]
