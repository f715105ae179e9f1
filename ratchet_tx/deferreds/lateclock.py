"""
The clock of a hub that may be made before it has a reactor.

This is how time is told everywhere: what takes time is given C{clock}, an L{IReactorTime}, when it is made, and a hub's is a
L{LateClock}. What waits for peers is given a L{Patience<ratchet_tx.deferreds.timeouts.Patience>}, which has that clock. Pure
modules are told the time as C{now}, in seconds. The wall clock serves clients' C{expires} (L{LateClock.wall}) and the access
log (L{wallClock<ratchet_tx.deferreds.clock.wallClock>}) alone.
"""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from zope.interface import implementer

from ratchet_tx.deferreds.clock import SteadyClock, steady, wallTime
from ratchet_tx.errors import UsageError


@implementer(IReactorTime)
class LateClock:
    """
    A monotonic clock that gets its reactor later; using it before that raises UsageError.

    @param reactor: an L{IReactorTime}; None if it comes later
    @ivar reactor: the reactor that it was given last
    @ivar seconds: gives the monotonic time, in seconds
    @ivar wall: gives the time of day, in seconds since 1970
    """

    def __init__(self, reactor: IReactorTime | None = None) -> None:
        self.reactor: Any = None
        self._clock: IReactorTime | None = None
        # L{provide} replaces both, so that reading the time for each message takes no further call.
        self.seconds: Callable[[], float] = lambda: self.clock.seconds()
        self.wall: Callable[[], float] = lambda: wallTime(self.clock)()
        if reactor is not None:
            self.provide(reactor)

    @property
    def clock(self) -> IReactorTime:
        """
        The monotonic clock.

        @raise UsageError: if there is no reactor yet
        """
        if self._clock is None:
            raise UsageError(
                "The hub has no clock yet: serve it by RatchetServerFactory, RatchetResource or makeService, "
                "or make it with Hub(clock=reactor)."
            )
        return self._clock

    def provide(self, reactor: IReactorTime) -> None:
        """
        Take the time from a reactor; nothing happens if it has one already.
        """
        if self._clock is None:
            self.reactor = reactor
            self._clock = steady(reactor)
            self.seconds = self._clock.seconds
            self.wall = wallTime(self._clock)

    def serve(self, reactor: IReactorTime) -> None:
        """
        Set the reactor that serves the hub; the time still comes from the first one.
        """
        self.provide(reactor)
        self.reactor = reactor

    def callLater(self, delay: float, callable: Callable[..., Any], *args: object, **kwargs: object) -> IDelayedCall:
        return self.clock.callLater(delay, callable, *args, **kwargs)

    def getDelayedCalls(self) -> Sequence[IDelayedCall]:
        return self.clock.getDelayedCalls()

    def stopIfIdle(self) -> None:
        """
        Stop the clock's thread if no call waits.
        """
        if isinstance(self._clock, SteadyClock):
            self._clock.stopIfIdle()
