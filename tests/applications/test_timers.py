"""
Periodic timers.
"""

import gc
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.task import Clock
from zope.interface import implementer
from zope.interface.registry import Components

from ratchet_tx.applications.timers import Timers
from ratchet_tx.deferreds.lateclock import LateClock
from ratchet_tx.errors import TimerAlreadyAdded, UsageError
from ratchet_tx.interfaces import IPeriodicTimer
from tests.kit.contracts import PeriodicTimerContract
from tests.kit.fakes import FakeTimer, logged, succeeded


def running(*timers: FakeTimer, registry: Any = None) -> tuple[Timers, Clock]:
    """
    Start timers with a clock.
    """
    clock = Clock()
    service = Timers(Components() if registry is None else registry, clock)
    for timer in timers:
        service.add(timer)
    service.startService()
    return service, clock


class TestFakeTimer(PeriodicTimerContract):
    """
    The tests' timer provides IPeriodicTimer.
    """

    def make(self) -> FakeTimer:
        return FakeTimer()


class TestTicking:
    """
    When timers tick.
    """

    def test_firstAfterOneInterval(self) -> None:
        """The first tick comes after one interval, and each further one after another."""
        timer = FakeTimer(interval=2.5)
        _, clock = running(timer)
        counts = []
        for _ in range(4):
            clock.advance(1.25)
            counts.append(timer.ticks)
        assert counts == [0, 1, 1, 2]

    def test_eachByItself(self) -> None:
        """Each timer has its own interval."""
        slow, fast = FakeTimer("slow", 3), FakeTimer("fast", 1)
        _, clock = running(slow, fast)
        clock.pump([1] * 6)
        assert (slow.ticks, fast.ticks) == (2, 6)

    def test_notBeforeTheStart(self) -> None:
        """Nothing ticks before the start, for there may be no clock yet."""
        timer, clock, late = FakeTimer(), Clock(), LateClock()
        service = Timers(Components(), late)
        service.add(timer)
        assert clock.getDelayedCalls() == []
        late.provide(clock)
        service.startService()
        clock.advance(1)
        assert timer.ticks == 1

    def test_addedLater(self) -> None:
        """A timer that is added while the hub runs ticks from then on."""
        service, clock = running()
        clock.advance(0.5)
        timer = FakeTimer()
        service.add(timer)
        clock.advance(0.5)
        assert timer.ticks == 0
        clock.advance(0.5)
        assert timer.ticks == 1

    def test_stopped(self) -> None:
        """Nothing ticks after the stop, which takes no time where no tick runs."""
        timer = FakeTimer()
        service, clock = running(timer)
        clock.advance(1)
        succeeded(service.stopService())
        clock.advance(5)
        assert timer.ticks == 1
        assert clock.getDelayedCalls() == []

    def test_startedAgain(self) -> None:
        """A hub that is started again ticks again."""
        timer = FakeTimer()
        service, clock = running(timer)
        service.stopService()
        service.startService()
        clock.advance(1)
        assert timer.ticks == 1

    def test_neverOverlapping(self) -> None:
        """While a tick waits no other begins, and missed ticks aren't made up for."""
        waiting: list[Deferred[None]] = []

        def later() -> Deferred[None]:
            waiting.append(Deferred())
            return waiting[-1]

        _, clock = running(FakeTimer(result=later))
        clock.pump([1] * 3)
        assert len(waiting) == 1
        waiting[0].callback(None)
        clock.advance(1)
        assert len(waiting) == 2

    def test_coroutines(self) -> None:
        """A tick may be a coroutine."""
        done: list[str] = []

        async def tick() -> None:
            done.append("tick")

        _, clock = running(FakeTimer(result=tick))
        clock.pump([1, 1])
        assert done == ["tick", "tick"]


class TestFailing:
    """
    Ticks that fail.
    """

    @pytest.mark.parametrize("tick", [lambda: 1 / 0, lambda: fail(ZeroDivisionError("division by zero"))])
    def test_goesOn(self, tick: Callable[[], Any]) -> None:
        """A failed tick is logged with the timer's name, and the timer goes on."""
        timer = FakeTimer("cleanup", result=tick)
        _, clock = running(timer)
        with logged() as lines:
            clock.pump([1, 1])
        assert timer.ticks == 2
        assert len(lines) == 2
        for line in lines:
            assert line.startswith("Timer callback failed, the timer goes on: timer=cleanup")
            assert "ZeroDivisionError: division by zero" in line

    def test_failingAsItStops(self) -> None:
        """A tick that fails during the stop is logged, and the stop goes on."""
        waiting: Deferred[None] = Deferred()
        service, clock = running(FakeTimer(result=waiting))
        clock.advance(1)
        stopped = service.stopService()
        with logged() as lines:
            waiting.errback(ValueError("too late"))
        assert len(lines) == 1
        succeeded(stopped)


class TestStopping:
    """
    Ticks that run while the timers stop.
    """

    def test_waitedFor(self) -> None:
        """The stop waits for a running tick."""
        waiting: Deferred[None] = Deferred()
        service, clock = running(FakeTimer("slow", result=waiting), FakeTimer("fast"))
        clock.advance(1)
        stopped = service.stopService()
        assert not stopped.called
        waiting.callback(None)
        succeeded(stopped)

    def test_cancelled(self) -> None:
        """Cancelling the stop cancels a running tick."""
        cancelled: list[Any] = []
        waiting: Deferred[None] = Deferred(cancelled.append)
        service, clock = running(FakeTimer(result=waiting))
        clock.advance(1)
        stopped = service.stopService()
        with logged():
            stopped.cancel()
        assert cancelled == [waiting]
        succeeded(stopped)

    def test_cancellingIsNoFailure(self) -> None:
        """A tick that the stop cancels isn't logged as failed."""
        service, clock = running(FakeTimer(result=Deferred()))
        clock.advance(1)
        with logged() as lines:
            service.stopService().cancel()
        assert lines == []

    def test_stubbornTick(self) -> None:
        """A tick that ignores its cancellation may end later."""

        def stopIt() -> None:
            last: Deferred[None] = Deferred()

            async def tick() -> None:
                try:
                    await Deferred()
                except CancelledError:
                    await last

            service, clock = running(FakeTimer(result=tick))
            clock.advance(1)
            stopped = service.stopService()
            stopped.cancel()
            last.callback(None)
            succeeded(stopped)

        gc.collect()
        with logged() as lines:
            stopIt()
            gc.collect()
        assert lines == []


class TestAdding:
    """
    Adding timers.
    """

    def test_nameTaken(self) -> None:
        """A second timer with the same name is an error, and the first one stays."""
        first = FakeTimer("cleanup")
        service, clock = running(first)
        with pytest.raises(TimerAlreadyAdded, match="'cleanup'"):
            service.add(FakeTimer("cleanup"))
        clock.advance(1)
        assert first.ticks == 1

    @pytest.mark.parametrize("interval", [0, -1, 0.0, float("nan"), float("-inf"), "1", None])
    def test_badInterval(self, interval: Any) -> None:
        """An interval that isn't a number above 0 is an error that names the timer."""
        service, _ = running()
        with pytest.raises(UsageError, match=r"^The interval of timer 'cleanup' is a number of seconds above 0, not "):
            service.add(FakeTimer("cleanup", interval))

    def test_undeclared(self) -> None:
        """An object that doesn't provide IPeriodicTimer is an error."""

        class Undeclared:
            name, interval = "x", 1

            def callback(self) -> None:
                raise NotImplementedError

        with pytest.raises(UsageError, match=r"^Undeclared does not provide IPeriodicTimer: put @implementer"):
            running()[0].add(Undeclared())

    def test_incomplete(self) -> None:
        """An object that lacks a part of IPeriodicTimer is an error that names it."""

        @implementer(IPeriodicTimer)
        class Nameless:
            interval = 1

            def callback(self) -> None:
                raise NotImplementedError

        with pytest.raises(UsageError, match=r"^Nameless does not provide all of IPeriodicTimer: it has no name"):
            running()[0].add(Nameless())

    @pytest.mark.parametrize("name", [5, None])
    def test_badName(self, name: Any) -> None:
        """A name that isn't a text is an error."""
        with pytest.raises(UsageError):
            running()[0].add(FakeTimer(name))

    def test_registryBelow(self) -> None:
        """Timers of a base registry tick too, and their names are taken."""
        below, timer = Components(), FakeTimer("site")
        below.registerUtility(timer, IPeriodicTimer, "site")
        service, clock = running(registry=Components(bases=(below,)))
        clock.advance(1)
        assert timer.ticks == 1
        with pytest.raises(TimerAlreadyAdded):
            service.add(FakeTimer("site"))
