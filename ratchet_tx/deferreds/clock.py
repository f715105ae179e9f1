"""
A monotonic clock over a reactor, so that delayed calls don't depend on the wall clock.

A Twisted reactor times its delayed calls by the wall clock. When the wall clock is set back by an hour, a call that is due
in a second comes an hour later, and peers' rates are wrong by an hour.

This clock keeps its delayed calls by C{time.monotonic}. It has the reactor wake it when the first call is due. The reactor
may be wrong about that, so a thread wakes it once a second as well, as long as any call waits. So a step of the wall clock
delays a call by a second at most.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from heapq import heapify, heappop, heappush
from threading import Event, Thread
from typing import Any

from twisted.internet.base import DelayedCall
from twisted.internet.interfaces import IDelayedCall, IReactorCore, IReactorFromThreads, IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

#: Seconds between two wake-ups by the thread.
TICK = 1.0

#: So many cancelled calls may stay in the heap before they are removed.
_MANY = 64


def steady(clock: Any) -> IReactorTime:
    """
    Make a monotonic clock.

    @param clock: a reactor that other threads can call, as every real one; or any other C{IReactorTime}, such as Twisted's
        C{task.Clock}, which is used as it is
    @return: a L{SteadyClock} over the reactor, or the clock that was given
    """
    isReactor = IReactorFromThreads.providedBy(clock) and IReactorTime.providedBy(clock)
    given: IReactorTime = clock
    return SteadyClock(clock) if isReactor else given


def wallTime(clock: IReactorTime) -> Callable[[], float]:
    """
    Make a function that tells the time of day, in seconds since 1970, as in clients' C{expires}.

    @param clock: as L{steady} gave it; a clock that isn't over a reactor tells the time of day itself
    """
    # Looked up each time, as every other user of time.time() does.
    return (lambda: time.time()) if isinstance(clock, SteadyClock) else clock.seconds


def nextTurn(reactor: Any) -> Callable[..., Any]:
    """
    Make a function that calls something in the reactor's next turn, independent of the wall clock.

    C{callLater(0, ...)} would wait for an hour if the wall clock is set back by an hour before that turn.

    @param reactor: an C{IReactorTime}; C{callLater} is used only if other threads can't call it
    @return: takes the function to call, and its arguments
    """
    if IReactorFromThreads.providedBy(reactor):
        return reactor.callFromThread
    return partial(reactor.callLater, 0)


def wallClock(clock: IReactorTime) -> IReactorTime:
    """
    Make a clock that tells the time of day, but has monotonic delayed calls.

    @param clock: as L{steady} gave it; a clock that isn't over a reactor is used as it is
    """
    return _WallClock(clock) if isinstance(clock, SteadyClock) else clock


@implementer(IReactorTime)
class _WallClock:
    """
    A monotonic clock that tells the time of day.
    """

    def __init__(self, clock: "SteadyClock") -> None:
        self.seconds = wallTime(clock)
        self.callLater = clock.callLater
        self.getDelayedCalls = clock.getDelayedCalls


@implementer(IReactorTime)
class SteadyClock:
    """
    A monotonic clock over a reactor.

    @param reactor: an C{IReactorTime} and C{IReactorFromThreads}
    @param seconds: tells the monotonic time
    """

    _log = Logger()

    def __init__(self, reactor: Any, seconds: Callable[[], float] = time.monotonic) -> None:
        self._reactor = reactor
        self.seconds = seconds
        # A heap.
        self._calls: list[DelayedCall] = []
        self._cancelled = 0
        # New calls, while others are being called: they wait for the next turn, whatever their delay.
        self._new: list[DelayedCall] | None = None
        self._alarm: IDelayedCall | None = None
        # The time for which the alarm is set.
        self._alarmed = 0.0
        self._ticker: _Ticker | None = None

    # IReactorTime

    def callLater(self, delay: float, callable: Callable[..., Any], *args: object, **kwargs: object) -> DelayedCall:
        assert delay >= 0, "a call can't be in the past"
        call = DelayedCall(self.seconds() + delay, callable, args, kwargs, self._cancel, self._moved, self.seconds)
        if self._new is None:
            heappush(self._calls, call)
            self._arm()
        else:
            self._new.append(call)
        return call

    def getDelayedCalls(self) -> list[DelayedCall]:
        return [call for call in (*self._calls, *(self._new or ())) if call.active()]

    # The calls

    def _cancel(self, call: DelayedCall) -> None:
        self._cancelled += 1
        if self._new is None and self._cancelled > _MANY and self._cancelled > len(self._calls) / 2:
            self._calls = [each for each in self._calls if each is not call and not each.cancelled]
            heapify(self._calls)
            self._cancelled = 0

    def _moved(self, call: DelayedCall) -> None:
        """
        Sort the calls again: one was moved to an earlier time.
        """
        if self._new is None:
            heapify(self._calls)
            self._arm()

    def _callAll(self) -> None:
        """
        Call all that are due; calls that these make come in the next turn at the earliest.
        """
        if self._new is not None:
            return
        self._new = []
        try:
            for call in self._due():
                self._call(call)
        finally:
            self._calls += self._new
            self._new = None
            heapify(self._calls)
            self._arm()

    def _due(self) -> list[DelayedCall]:
        now, due, calls = self.seconds(), [], self._calls
        while calls and calls[0].time <= now:
            call = heappop(calls)
            if call.cancelled:
                self._cancelled -= 1
            elif call.delayed_time > 0:
                call.activate_delay()
                heappush(calls, call)
            else:
                due.append(call)
        return due

    def _call(self, call: DelayedCall) -> None:
        # An earlier call may have cancelled or delayed it.
        if call.cancelled:
            self._cancelled -= 1
            return
        if call.delayed_time > 0:
            call.activate_delay()
            heappush(self._calls, call)
            return
        call.called = 1
        try:
            call.func(*call.args, **call.kw)
        except BaseException:
            self._log.failure("Delayed call failed")

    # Wake-ups

    def _arm(self) -> None:
        """
        Set the alarm for the first call.
        """
        while self._calls and self._calls[0].cancelled:
            heappop(self._calls)
            self._cancelled -= 1
        if not self._calls:
            return
        if self._ticker is None:
            self._ticker = _Ticker(self._reactor, self.tick)
        due = self._calls[0].time
        if self._alarm is not None:
            # An alarm that is too early does no harm.
            if self._alarmed <= due:
                return
            self._alarm.cancel()
        self._alarmed = due
        self._alarm = self._reactor.callLater(max(0.0, due - self.seconds()), self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._callAll()

    def tick(self) -> None:
        """
        Set the alarm again, because the reactor's time may have stepped; it rings in this turn if a call is due.

        The calls themselves come from the alarm only, at most once per turn: code that counts turns by C{callLater(0, ...)}
        relies on the reactor reading between two of them.
        """
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._arm()
        self.stopIfIdle()

    def stopIfIdle(self) -> None:
        """
        Stop the thread if no call waits.
        """
        if self._ticker is not None and not any(call.active() for call in self._calls):
            self._ticker.stop()
            self._ticker = None


class _Ticker:
    """
    A thread that has the reactor call a function once a second, independent of the wall clock.

    It starts when the reactor runs, because a process that daemonizes before that loses its threads. It ends with the
    reactor at the latest.
    """

    def __init__(self, reactor: Any, tick: Callable[[], None]) -> None:
        self._reactor = reactor
        self._tick = tick
        self._isAsked = False
        self._over = Event()
        self._thread: Thread | None = None
        self._atShutdown: Any = None
        if IReactorCore.providedBy(reactor):
            self._atShutdown = reactor.addSystemEventTrigger("after", "shutdown", self._end)
            reactor.callWhenRunning(self._begin)
        else:
            self._begin()

    def _begin(self) -> None:
        if not self._over.is_set():
            self._thread = Thread(target=self._run, name="ratchet clock", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(TICK):
            # One call at a time, while the reactor is blocked.
            if not self._isAsked:
                self._isAsked = True
                self._reactor.callFromThread(self._due)

    def _due(self) -> None:
        self._isAsked = False
        # The reactor may call this once more after the end.
        if not self._over.is_set():
            self._tick()

    def _end(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def stop(self) -> None:
        """
        End the thread.
        """
        self._end()
        if self._atShutdown is not None:
            # During shutdown the reactor has removed the trigger already.
            with suppress(ValueError, KeyError):
                self._reactor.removeSystemEventTrigger(self._atShutdown)
