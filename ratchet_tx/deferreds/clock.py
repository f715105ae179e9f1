"""
The monotonic clock by which durations are measured, whatever happens to the reactor's own.

A reactor of Twisted's tells wall-clock time, and its delayed calls go by that.  When the wall clock is set back by an hour,
what was due in a second happens in an hour, and the rate of a peer that sent an event a second ago seems an hour's too high.

Delayed calls are kept here by C{time.monotonic}.  The reactor is asked to call us when the first of them is due; since it
may be wrong about that, a thread has it call us once a second too, for as long as anything waits.  So a step of the wall
clock, of any size, delays a call by a second at most.
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

#: After how many seconds at most it is noticed that the reactor is wrong about the time.
TICK = 1.0

#: From how many calls on that were cancelled it is worth while to drop them before their time.
_MANY = 64


def steady(clock: Any) -> IReactorTime:
    """
    Make a clock that doesn't step of whatever a hub is given.

    @param clock: a reactor that other threads can call, as every real one can; any other C{IReactorTime}, such as Twisted's
        C{task.Clock}, doesn't step by itself, and is taken as it is
    @return: a L{SteadyClock} over the reactor, or what was given
    """
    isReactor = IReactorFromThreads.providedBy(clock) and IReactorTime.providedBy(clock)
    given: IReactorTime = clock
    return SteadyClock(clock) if isReactor else given


def wallTime(clock: IReactorTime) -> Callable[[], float]:
    """
    Say how to ask for the time of day, in seconds since 1970, which is what clients' C{expires} are in.

    @param clock: as L{steady} gave it; one that was no reactor is asked itself
    """
    # Looked up each time, as every other user of time.time() does.
    return (lambda: time.time()) if isinstance(clock, SteadyClock) else clock.seconds


def nextTurn(reactor: Any) -> Callable[..., Any]:
    """
    Say how to have something called in a reactor's next turn, which is no duration: it comes whatever the time is.

    By C{callLater(0, ...)} it would wait for an hour, where the wall clock is set back by one before the turn comes.

    @param reactor: an C{IReactorTime}, which by itself is all that is known where no other thread can call it
    @return: what is called with the function, and its arguments
    """
    if IReactorFromThreads.providedBy(reactor):
        return reactor.callFromThread
    return partial(reactor.callLater, 0)


def onTheWall(clock: IReactorTime) -> IReactorTime:
    """
    Make a clock that tells the time of day, for what shows it, and measures durations by another.

    @param clock: as L{steady} gave it; one that was no reactor is taken as it is
    """
    return _WallClock(clock) if isinstance(clock, SteadyClock) else clock


@implementer(IReactorTime)
class _WallClock:
    """
    A steady clock that tells the time of day.
    """

    def __init__(self, clock: "SteadyClock") -> None:
        self.seconds = wallTime(clock)
        self.callLater = clock.callLater
        self.getDelayedCalls = clock.getDelayedCalls


@implementer(IReactorTime)
class SteadyClock:
    """
    The clock of one hub over a reactor.

    @param reactor: an C{IReactorTime} and C{IReactorFromThreads}
    @param seconds: tells a time that never steps
    """

    _log = Logger()

    def __init__(self, reactor: Any, seconds: Callable[[], float] = time.monotonic) -> None:
        self._reactor = reactor
        self.seconds = seconds
        # A heap.
        self._calls: list[DelayedCall] = []
        self._cancelled = 0
        # What is asked for by calls that are being called waits for the next turn, whatever its delay.
        self._new: list[DelayedCall] | None = None
        self._alarm: IDelayedCall | None = None
        # For when the alarm is set.
        self._alarmed = 0.0
        self._ticker: _Ticker | None = None

    # IReactorTime

    def callLater(self, delay: float, callable: Callable[..., Any], *args: object, **kwargs: object) -> DelayedCall:
        assert delay >= 0, "nothing is called earlier than now"
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
        Put a call that is to be called sooner than it was at its new place.
        """
        if self._new is None:
            heapify(self._calls)
            self._arm()

    def _callAll(self) -> None:
        """
        Call what is due; what it asks for is due in the next turn at the earliest.
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
        # One that was due before it may have cancelled it, or put it off.
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
            self._log.failure("A delayed call failed")

    # Being woken

    def _arm(self) -> None:
        """
        See to it that we are called when the first call is due.
        """
        while self._calls and self._calls[0].cancelled:
            heappop(self._calls)
            self._cancelled -= 1
        if not self._calls:
            return
        if self._ticker is None:
            self._ticker = _Ticker(self._reactor, self._tick)
        due = self._calls[0].time
        if self._alarm is not None:
            # One that comes too early does no harm.
            if self._alarmed <= due:
                return
            self._alarm.cancel()
        self._alarmed = due
        self._alarm = self._reactor.callLater(max(0.0, due - self.seconds()), self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._callAll()

    def _tick(self) -> None:
        """
        Set the alarm anew, for the reactor's time may have stepped since; it rings in this turn where something is due.

        Nothing is called from here, so that in one turn of the reactor what is due is called once: code that counts turns by
        C{callLater(0, ...)} relies on all being read between two of them.
        """
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._arm()
        self.rest()

    def rest(self) -> None:
        """
        Leave no thread behind where nothing waits.
        """
        if self._ticker is not None and not any(call.active() for call in self._calls):
            self._ticker.stop()
            self._ticker = None


class _Ticker:
    """
    What has a reactor call something once a second, whatever the reactor takes for a second.

    It ends with the reactor, at the latest, and begins no earlier: a process that goes into the background before it runs
    its reactor leaves its threads behind.
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
            # Once, while the reactor is held up by something.
            if not self._isAsked:
                self._isAsked = True
                self._reactor.callFromThread(self._due)

    def _due(self) -> None:
        self._isAsked = False
        # The reactor may come to the last one after the end.
        if not self._over.is_set():
            self._tick()

    def _end(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def stop(self) -> None:
        """
        Tick no more.
        """
        self._end()
        if self._atShutdown is not None:
            # While the reactor shuts down it isn't known there any more.
            with suppress(ValueError, KeyError):
                self._reactor.removeSystemEventTrigger(self._atShutdown)
