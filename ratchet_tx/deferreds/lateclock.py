"""
The clock of a hub, which may be made before anybody has a reactor for it.
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
    A clock that never steps, as soon as it has a reactor; whoever asks for the time before gets an exception.

    @param reactor: tells the time, an L{IReactorTime}; None where it comes later
    @ivar reactor: what it was given last
    @ivar seconds: gives the time, in seconds, by which durations are measured
    @ivar wall: gives the time of day, in seconds since 1970
    """

    def __init__(self, reactor: IReactorTime | None = None) -> None:
        self.reactor: Any = None
        self._clock: IReactorTime | None = None
        # These are replaced when it has a reactor, so that a message, which asks for the time, pays for no call more.
        self.seconds: Callable[[], float] = lambda: self.clock.seconds()
        self.wall: Callable[[], float] = lambda: wallTime(self.clock)()
        if reactor is not None:
            self.provide(reactor)

    @property
    def clock(self) -> IReactorTime:
        """
        What tells the time.

        @raise UsageError: while nobody does
        """
        if self._clock is None:
            raise UsageError(
                "The hub has no clock yet: serve it by RatchetServerFactory, RatchetResource or makeService, "
                "or make it with Hub(clock=reactor)."
            )
        return self._clock

    def provide(self, reactor: IReactorTime) -> None:
        """
        Go by a reactor from now on; nothing happens where there is one already.
        """
        if self._clock is None:
            self.reactor = reactor
            self._clock = steady(reactor)
            self.seconds = self._clock.seconds
            self.wall = wallTime(self._clock)

    def serve(self, reactor: IReactorTime) -> None:
        """
        Note which reactor serves the hub; the time goes on by the first one.
        """
        self.provide(reactor)
        self.reactor = reactor

    def callLater(self, delay: float, callable: Callable[..., Any], *args: object, **kwargs: object) -> IDelayedCall:
        return self.clock.callLater(delay, callable, *args, **kwargs)

    def getDelayedCalls(self) -> Sequence[IDelayedCall]:
        return self.clock.getDelayedCalls()

    def stopIfIdle(self) -> None:
        """
        End the thread that watches a real reactor, until something waits again.
        """
        if isinstance(self._clock, SteadyClock):
            self._clock.stopIfIdle()
