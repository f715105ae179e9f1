"""
Periodic timers, which run while the hub runs.
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


class Ticking:
    """
    One timer that runs.
    """

    _log = Logger()

    def __init__(self, timer: IPeriodicTimer, clock: IReactorTime) -> None:
        self._timer = timer
        self._current: Deferred[Any] = succeed(None)
        self._cancelled = False
        self._loop = LoopingCall(self._tick)
        # LoopingCall takes the global reactor in its constructor, which is not to be used.
        self._loop.clock = clock
        self._loop.start(timer.interval, now=False)

    def _tick(self) -> Deferred[Any] | None:
        # An exception would end the LoopingCall, so none gets there.
        try:
            result = self._timer.callback()
        except BaseException:
            self._log.failure("Timer {name} failed; it goes on", name=self._timer.name)
            return None
        later = asDeferred(result)
        if later is not None:
            self._current = later.addErrback(self._failed)
        return later

    def _failed(self, failure: Failure) -> None:
        if not (self._cancelled and failure.check(*CANCELLED)):
            self._log.failure("Timer {name} failed; it goes on", failure, name=self._timer.name)

    def stop(self) -> Deferred[None]:
        """
        Begin no other tick.

        @return: fires when the tick that runs has ended, and never fails; cancel it to cancel the tick, and to wait no
            longer, whatever the tick does about it
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
    The timers of a hub, which tick while it is running.

    They are named utilities of the registry in which the applications stand, so a registry below it brings its own.

    @param registry: zope's C{Components}
    @param clock: for the ticks; to be set before they start
    @param thread: whose calls may add timers, once they run; by default all threads' may
    """

    def __init__(self, registry: Any, clock: IReactorTime | None = None, thread: OwnThread | None = None) -> None:
        self._registry = registry
        self._thread = OwnThread() if thread is None else thread
        self.clock = clock
        self._ticking: dict[str, Ticking] = {}

    def add(self, timer: Any) -> None:
        """
        Add a timer; it begins to tick when the hub starts, or now where the hub runs.

        @param timer: an L{IPeriodicTimer}
        @raise TimerAlreadyAdded: where another has its name
        @raise UsageError: for what isn't a timer, for an interval of 0 or less, and, once they run, in any other thread than
            the hub's
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
        assert self.clock is not None, "the hub sets the clock before it starts its timers"
        self._ticking[timer.name] = Ticking(timer, self.clock)

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]
        for _, timer in self._registry.getUtilitiesFor(IPeriodicTimer):
            self._start(timer)

    def stopService(self) -> Deferred[Any]:
        """
        @return: fires when every tick that runs has ended; cancel it to cancel those
        """
        super().stopService()  # type: ignore[no-untyped-call]
        ticking, self._ticking = self._ticking, {}
        return DeferredList([each.stop() for each in ticking.values()])
