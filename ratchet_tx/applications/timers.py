"""
Calls the periodic timers while the hub runs.
"""

from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from ratchet_tx.applications.verify import requireProvided
from ratchet_tx.deferreds.coroutines import CANCELLED, asDeferred, cancel
from ratchet_tx.deferreds.threads import OwnThread
from ratchet_tx.errors import TimerAlreadyAdded, UsageError
from ratchet_tx.interfaces import IPeriodicTimer


class RunningTimer:
    """
    A timer that ticks.
    """

    _log = Logger()

    def __init__(self, timer: IPeriodicTimer, clock: IReactorTime) -> None:
        self._timer = timer
        self._current: Deferred[Any] = succeed(None)
        self._cancelled = False
        self._loop = LoopingCall(self._tick)
        # LoopingCall's constructor takes the global reactor; this replaces it.
        self._loop.clock = clock
        self._loop.start(timer.interval, now=False)

    def _tick(self) -> Deferred[Any] | None:
        # An exception would end the LoopingCall.
        try:
            result = self._timer.callback()
        except BaseException:
            self._log.failure("Timer callback failed, the timer goes on: timer={name}", name=self._timer.name)
            return None
        later = asDeferred(result)
        if later is not None:
            self._current = later.addErrback(self._failed)
        return later

    def _failed(self, failure: Failure) -> None:
        if not (self._cancelled and failure.check(*CANCELLED)):
            self._log.failure("Timer callback failed, the timer goes on: timer={name}", failure, name=self._timer.name)

    def stop(self) -> Deferred[None]:
        """
        Start no further tick.

        @return: a Deferred that fires when the running tick has ended, and never fails. Cancel it to cancel the tick; it
            then fires at once, whether or not the tick ends
        """
        self._loop.stop()
        ended: Deferred[None] = Deferred(self._cancel)
        self._current.addBoth(lambda _: _fire(ended))
        return ended

    def _cancel(self, ended: Deferred[None]) -> None:
        self._cancelled = True
        cancel(self._current)
        _fire(ended)


def _fire(ended: Deferred[None]) -> None:
    if not ended.called:
        ended.callback(None)


class Timers(Service):
    """
    The timers of a hub; they tick while the hub runs.

    They are named utilities in the registry of the applications, so timers of its base registries tick too.

    @param registry: zope's C{Components}
    @param clock: times the ticks
    @param thread: the only thread that may add timers once they run; by default any may
    """

    def __init__(self, registry: Any, clock: IReactorTime, thread: OwnThread | None = None) -> None:
        self._registry = registry
        self._thread = OwnThread() if thread is None else thread
        self._clock = clock
        self._ticking: dict[str, RunningTimer] = {}

    def add(self, timer: Any) -> None:
        """
        Add a timer; it starts with the hub, or at once if the hub runs.

        @param timer: an L{IPeriodicTimer}
        @raise TimerAlreadyAdded: where another timer has its name
        @raise UsageError: for what isn't a timer, for an interval of 0 or less, and, once the hub runs, in another thread
            than the hub's
        """
        if self.running:
            self._thread.require("hub.timers.add", "reactor.callFromThread(hub.timers.add, ...)")
        requireProvided(IPeriodicTimer, timer)
        if not isinstance(timer.interval, int | float) or not timer.interval > 0:
            raise UsageError(f"The interval of timer {timer.name!r} is a number of seconds above 0, not {timer.interval!r}.")
        if not isinstance(timer.name, str):
            raise UsageError(f"The name of a timer is a text, not {timer.name!r}.")
        if self._registry.queryUtility(IPeriodicTimer, timer.name) is not None:
            raise TimerAlreadyAdded(timer.name)
        self._registry.registerUtility(timer, IPeriodicTimer, timer.name)
        if self.running:
            self._start(timer)

    def _start(self, timer: IPeriodicTimer) -> None:
        self._ticking[timer.name] = RunningTimer(timer, self._clock)

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]
        for _, timer in self._registry.getUtilitiesFor(IPeriodicTimer):
            self._start(timer)

    def stopService(self) -> Deferred[Any]:
        """
        Stop the timers.

        @return: a Deferred that fires when every running tick has ended; cancel it to cancel these
        """
        super().stopService()  # type: ignore[no-untyped-call]
        ticking, self._ticking = self._ticking, {}
        return DeferredList([each.stop() for each in ticking.values()])
