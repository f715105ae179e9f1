"""
The clock of a hub, before there is a reactor and after.
"""

from asyncio import new_event_loop
from collections.abc import Iterator
from threading import active_count

import pytest
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

from ratchet_tx import UsageError
from ratchet_tx.deferreds.clock import SteadyClock
from ratchet_tx.deferreds.lateclock import LateClock


@pytest.fixture
def reactor() -> Iterator[AsyncioSelectorReactor]:
    loop = new_event_loop()
    made = AsyncioSelectorReactor(loop)
    yield made
    made.disconnectAll()
    # Else the garbage collector would warn of it, in another test.
    loop.close()


def test_interface() -> None:
    """It provides IReactorTime."""
    assert verifyObject(IReactorTime, LateClock())


def test_tooEarly() -> None:
    """Using it before it has a reactor is an error that says what to do."""
    clock = LateClock()
    for ask in (clock.seconds, clock.wall, clock.getDelayedCalls, lambda: clock.callLater(1, print), lambda: clock.clock):
        with pytest.raises(UsageError, match=r"no clock yet: serve it by .* Hub\(clock=reactor\)"):
            ask()


def test_later() -> None:
    """It takes the time from its first reactor, and knows the one that serves the hub."""
    clock, first, other = LateClock(), Clock(), Clock()
    clock.provide(first)
    called: list[int] = []
    clock.callLater(2, called.append, 1)
    clock.serve(other)
    first.advance(2)
    assert (clock.seconds(), clock.wall(), called, clock.reactor, clock.clock) == (2, 2, [1], other, first)


def test_noFurtherCall() -> None:
    """Once it has a reactor, asking for the time is asking the reactor."""
    clock, given = LateClock(), Clock()
    clock.provide(given)
    assert (clock.seconds, clock.wall) == (given.seconds, given.seconds)


def test_atOnce() -> None:
    """It may be made with a reactor."""
    given = Clock()
    clock = LateClock(given)
    call = clock.callLater(1, print)
    assert (clock.clock, clock.reactor, list(clock.getDelayedCalls())) == (given, given, [call])


def test_steady(reactor: AsyncioSelectorReactor) -> None:
    """Over a real reactor it is monotonic, and its thread ends when no call waits."""
    clock, before = LateClock(reactor), active_count()
    assert isinstance(clock.clock, SteadyClock)
    clock.callLater(60, print).cancel()
    clock.stopIfIdle()
    assert active_count() == before
