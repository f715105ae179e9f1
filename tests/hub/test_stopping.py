"""
Taking leave, by itself; what it means for peers is in the hub's tests.
"""

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from ratchet_tx.deferreds.pending import Pending
from ratchet_tx.hub.stopping import Stopping
from tests.kit.fakes import logged


class Leave:
    """
    A stop that writes down what it does.
    """

    def __init__(self, ticks: Any = None) -> None:
        self.clock = Clock()
        self.failures: list[Failure] = []
        self.pending = Pending(self.failures.append)
        self.told: list[str] = []
        self.stopping = Stopping(ticks or succeed(None), self.pending, self._abort, self._stopped)
        self.stopping.whenEnded().addCallback(lambda _: self.told.append("ended"))

    def _abort(self) -> None:
        self.told.append("abort")

    def _stopped(self) -> None:
        self.told.append("stopped")


def test_inOrder() -> None:
    """It is over when the ticks, the peers, and what goes on for them are, and the last step has been done."""
    ticks: Deferred[None] = Deferred()
    work: Deferred[None] = Deferred()
    leave = Leave(ticks)
    leave.pending.add(work)
    leave.stopping.allGone()
    leave.stopping.allGone()
    ticks.callback(None)
    assert leave.told == []
    work.callback(None)
    assert leave.told == ["stopped", "ended"]


def test_deadline() -> None:
    """What isn't over at the deadline is dropped, and dropped again until it is."""
    leave = Leave()
    leave.pending.add(Deferred())
    leave.stopping.limit(5, leave.clock)
    with logged() as lines:
        leave.clock.advance(5)
        assert leave.told == ["abort"]
        leave.pending.add(Deferred())
        leave.clock.advance(1)
        assert leave.told == ["abort", "abort"]
        leave.stopping.allGone()
    assert leave.told == ["abort", "abort", "stopped", "ended"]
    assert leave.clock.getDelayedCalls() == []
    assert [line.split(" s:")[0] for line in lines] == ["Stopping took longer than 5", "Stopping took longer than 6"]


def test_whoWaitsLate() -> None:
    """Who asks when it is over already is told at once, and no deadline is set."""
    leave = Leave()
    leave.stopping.allGone()
    leave.stopping.limit(5, leave.clock)
    told: list[Any] = []
    leave.stopping.whenEnded().addCallback(told.append)
    assert told == [None]
    assert leave.clock.getDelayedCalls() == []
