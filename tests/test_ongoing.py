"""
What goes on: work that nobody waits for but who stops it.
"""

import asyncio
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from ratchet_tx.coroutines import asDeferred
from ratchet_tx.ongoing import Ongoing
from tests.fakes import logged, succeeded


def test_nothingGoesOn() -> None:
    """Where nothing goes on there is nothing to wait for, nor to cancel."""
    ongoing = Ongoing()
    ongoing.add(None)
    ongoing.add(succeed("done"))
    succeeded(ongoing.idle())
    ongoing.cancel()


def test_waitingForTheLast() -> None:
    """Who waits until nothing goes on waits for the last work, also one that began meanwhile."""
    ongoing = Ongoing()
    one, two, three = Deferred(), Deferred(), Deferred()
    ongoing.add(one)
    ongoing.add(two)
    idle = ongoing.idle()
    two.callback(None)
    ongoing.add(three)
    one.callback(None)
    assert not idle.called
    three.callback(None)
    succeeded(idle)


def test_waitingAgain() -> None:
    """One may wait again for what began after the last time."""
    ongoing = Ongoing()
    for _ in range(2):
        work: Deferred[None] = Deferred()
        ongoing.add(work)
        idle = ongoing.idle()
        assert not idle.called
        work.callback(None)
        succeeded(idle)


def test_failing() -> None:
    """Work that fails is logged, since nobody else would see it, and is waited for no longer."""
    ongoing = Ongoing()
    work: Deferred[None] = Deferred()
    ongoing.add(work)
    idle = ongoing.idle()
    with logged() as lines:
        work.errback(ValueError("broken"))
        ongoing.add(fail(ValueError("broken at once")))
    assert [line.startswith("Work for a peer failed") for line in lines] == [True, True]
    assert "ValueError: broken" in lines[0]
    assert "ValueError: broken at once" in lines[1]
    succeeded(idle)


def test_cancelling() -> None:
    """Cancelling ends everything that goes on, and is no failure."""
    ongoing = Ongoing()
    cancelled: list[Deferred[Any]] = []
    works = [Deferred(cancelled.append) for _ in range(3)]
    for work in works:
        ongoing.add(work)
    works[0].callback(None)
    idle = ongoing.idle()
    with logged() as lines:
        ongoing.cancel()
    assert sorted(map(id, cancelled)) == sorted(map(id, works[1:]))
    assert lines == []
    succeeded(idle)


def test_cancellingCoroutines() -> None:
    """Cancelling a coroutine under the asyncio reactor is no failure either."""

    async def run() -> None:
        ongoing = Ongoing()
        ongoing.add(asDeferred(asyncio.sleep(60)))
        await asyncio.sleep(0)
        idle = ongoing.idle()
        ongoing.cancel()
        while not idle.called:
            await asyncio.sleep(0)

    with logged() as lines:
        asyncio.run(run())
    assert lines == []


def test_stubbornWork() -> None:
    """What goes on although it was cancelled is still waited for."""
    ongoing = Ongoing()
    last: Deferred[None] = Deferred()
    work: Deferred[None] = Deferred()
    work.addErrback(lambda _: last)
    ongoing.add(work)
    idle = ongoing.idle()
    ongoing.cancel()
    assert not idle.called
    last.callback(None)
    succeeded(idle)


def test_begunAtTheEnd() -> None:
    """Work that begins as the last one ends can be waited for by asking again."""
    ongoing = Ongoing()
    one, two = Deferred(), Deferred()
    ongoing.add(one)
    idle = ongoing.idle().addCallback(lambda _: ongoing.add(two))
    one.callback(None)
    succeeded(idle)
    again = ongoing.idle()
    assert not again.called
    two.callback(None)
    succeeded(again)
