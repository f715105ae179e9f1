"""
What the parts of a hub stand on.
"""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from ratchet_tx.backplane.memory import MemoryBackplane
from ratchet_tx.deferreds.lateclock import LateClock
from ratchet_tx.hub.basis import Basis
from tests.kit.fakes import logged


def makeBasis(clock: Clock | None = None) -> Basis:
    return Basis(LateClock(clock or Clock()), MemoryBackplane())


def test_workThatFails() -> None:
    """Work that fails in the background is logged, with what went wrong."""
    work: Deferred[Any] = Deferred()
    makeBasis().pending.add(work)
    with logged() as lines:
        work.errback(OSError("no such host"))
    (line,) = lines
    assert "Background work for a peer failed" in line
    assert "no such host" in line


def test_workThatIsCancelled() -> None:
    """Work that is cancelled has not failed."""
    work: Deferred[Any] = Deferred()
    makeBasis().pending.add(work)
    with logged() as lines:
        work.errback(CancelledError())
    assert lines == []


def test_tooManyBytes() -> None:
    """When more bytes are kept than may be, memory is freed in the next turn."""
    clock = Clock()
    basis = makeBasis(clock)
    basis.ledger.limitTo(100)
    basis.ledger.change("keys", 100)
    assert clock.getDelayedCalls() == []
    basis.ledger.change("keys", 1)
    (call,) = clock.getDelayedCalls()
    assert call.getTime() == clock.seconds()
    basis.memoryLimit.stop()


def test_withoutAClock() -> None:
    """It can be made before there is a clock."""
    Basis(LateClock(None), MemoryBackplane())
