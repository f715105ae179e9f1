"""
Tracking background Deferreds.
"""

import asyncio
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from ratchet_tx.deferreds.coroutines import asDeferred
from ratchet_tx.deferreds.pending import Pending
from tests.kit.fakes import succeeded


@pytest.fixture(name="failures")
def _failures() -> list[Failure]:
    return []


@pytest.fixture(name="pending")
def _pending(failures: list[Failure]) -> Pending:
    return Pending(failures.append)


def test_nothingGoesOn(pending: Pending) -> None:
    """Without work there is nothing to wait for, nor to cancel."""
    pending.add(None)
    pending.add(succeed("done"))
    succeeded(pending.idle())
    pending.cancel()


def test_waitingForTheLast(pending: Pending) -> None:
    """C{idle} waits for the last work, also for work that began meanwhile."""
    one, two, three = Deferred(), Deferred(), Deferred()
    pending.add(one)
    pending.add(two)
    idle = pending.idle()
    two.callback(None)
    pending.add(three)
    one.callback(None)
    assert not idle.called
    three.callback(None)
    succeeded(idle)


def test_waitingAgain(pending: Pending) -> None:
    """C{idle} may be called again, for later work."""
    for _ in range(2):
        work: Deferred[None] = Deferred()
        pending.add(work)
        idle = pending.idle()
        assert not idle.called
        work.callback(None)
        succeeded(idle)


def test_failing(pending: Pending, failures: list[Failure]) -> None:
    """A failure is reported, and the work isn't waited for any longer."""
    work: Deferred[None] = Deferred()
    pending.add(work)
    idle = pending.idle()
    work.errback(ValueError("broken"))
    pending.add(fail(ValueError("broken at once")))
    assert [str(failure.value) for failure in failures] == ["broken", "broken at once"]
    succeeded(idle)


def test_cancelling(pending: Pending, failures: list[Failure]) -> None:
    """Cancelling ends all work, and isn't reported as a failure."""
    cancelled: list[Deferred[Any]] = []
    works = [Deferred(cancelled.append) for _ in range(3)]
    for work in works:
        pending.add(work)
    works[0].callback(None)
    idle = pending.idle()
    pending.cancel()
    assert sorted(map(id, cancelled)) == sorted(map(id, works[1:]))
    succeeded(idle)
    assert failures == []


def test_cancellingCoroutines(pending: Pending, failures: list[Failure]) -> None:
    """Cancelling a coroutine under the asyncio reactor isn't reported either."""

    async def run() -> None:
        pending.add(asDeferred(asyncio.sleep(60)))
        await asyncio.sleep(0)
        idle = pending.idle()
        pending.cancel()
        while not idle.called:
            await asyncio.sleep(0)

    asyncio.run(run())
    assert failures == []


def test_stubbornWork(pending: Pending) -> None:
    """Work that ignores its cancellation is still waited for."""
    last: Deferred[None] = Deferred()
    work: Deferred[None] = Deferred()
    work.addErrback(lambda _: last)
    pending.add(work)
    idle = pending.idle()
    pending.cancel()
    assert not idle.called
    last.callback(None)
    succeeded(idle)


def test_begunAtTheEnd(pending: Pending) -> None:
    """Work that begins when the last one ends can be waited for by another C{idle}."""
    one, two = Deferred(), Deferred()
    pending.add(one)
    idle = pending.idle().addCallback(lambda _: pending.add(two))
    one.callback(None)
    succeeded(idle)
    again = pending.idle()
    assert not again.called
    two.callback(None)
    succeeded(again)
