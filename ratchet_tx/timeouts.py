"""
Time-outs of many things, all of one length, by one timer for all of them; it doesn't know what they are.

Since all are of one length, they end in the order in which they began: so neither beginning nor ending one depends on how
many there are.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

Member = TypeVar("Member", bound=Hashable)


class Timeouts(Generic[Member]):
    """
    Whatever has so many seconds.

    @param seconds: how many; 0 for all the time in the world
    @param clock: gives the time, an L{IReactorTime}; called when it is first needed
    @param expire: called with what had its time, once; what it raises is logged and stops no other
    """

    _log = Logger()

    __slots__ = ("_clock", "_ends", "_expire", "_seconds", "_timer")

    def __init__(self, seconds: float, clock: Callable[[], IReactorTime], expire: Callable[[Member], Any]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._expire = expire
        # A plain dict forgets from its front ever more slowly.
        self._ends: OrderedDict[Member, float] = OrderedDict()
        self._timer: IDelayedCall | None = None

    def __contains__(self, member: Member) -> bool:
        return member in self._ends

    def __len__(self) -> int:
        return len(self._ends)

    def start(self, member: Member) -> None:
        """
        Begin the time of something, or begin it again.
        """
        if not self._seconds:
            return
        clock = self._clock()
        self._ends[member] = clock.seconds() + self._seconds
        self._ends.move_to_end(member)
        if self._timer is None:
            self._timer = clock.callLater(self._seconds, self._tick)

    def stop(self, member: Member) -> None:
        """
        End the time of something before it is over; nothing happens where it had none.
        """
        if self._ends.pop(member, None) is not None and not self._ends and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        self._timer = None
        clock = self._clock()
        # As of now: who begins again because of this isn't over at once, however short the time is.
        now = clock.seconds()
        while self._ends and next(iter(self._ends.values())) <= now:
            member, _ = self._ends.popitem(last=False)
            try:
                self._expire(member)
            except Exception:
                self._log.failure("What follows a time-out failed")
        # The timer of the first is kept when the first is gone, so it may have come too early for the next.
        if self._ends and self._timer is None:
            self._timer = clock.callLater(max(0, next(iter(self._ends.values())) - now), self._tick)
