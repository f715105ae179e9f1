"""
Time-outs: of many things of one length by one timer, and of a single thing.

Where all are of one length, they end in the order in which they began: so neither beginning nor ending one depends on how
many there are.

A time-out of what a peer has to send isn't over before all has been read that was there to be read when its time came: where
the process itself was late, because it was stopped, or a handler held it up, the peer wasn't.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, Protocol, TypeVar, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

Member = TypeVar("Member", bound=Hashable)


class Timer(Protocol):
    """
    What is to happen later, and may be prevented.
    """

    def cancel(self) -> None: ...


class Patience:
    """
    A clock for time-outs of what is waited for from outside: each gives a full round of reading before it is over.

    @param clock: gives the time, an L{IReactorTime}; called when it is first needed
    """

    def __init__(self, clock: Callable[[], IReactorTime]) -> None:
        self._clock = clock
        self._readers: list[Callable[[], int]] = []

    def __call__(self) -> IReactorTime:
        return self._clock()

    def addReader(self, turns: Callable[[], int]) -> None:
        """
        Mind somebody who doesn't read all in one turn of the reactor.

        @param turns: gives the number of turns in which all is read that could be read by now
        """
        self._readers.append(turns)

    def wait(self, call: Callable[[], None]) -> Timer:
        """
        Call something when all has been read that could be read by now.
        """
        # One turn more, for a reactor may come to the first still in this turn, before anything is read.
        return _Turns(self._clock(), 1 + max((turns() for turns in self._readers), default=1), call)

    def callLater(self, seconds: float, call: Callable[..., Any], *arguments: Any) -> "Deadline":
        """
        Call something after some time, and a round of reading.
        """
        return Deadline(self, seconds, lambda: call(*arguments))

    def limit(self, later: Deferred[Any], seconds: float) -> Deferred[Any]:
        """
        Cancel a Deferred that hasn't fired after some time, and a round of reading.

        @param seconds: how many; 0 for all the time in the world
        @return: the same, which fails by a C{defer.TimeoutError} then
        """
        # Twisted calls nothing else of it.
        return later.addTimeout(seconds, cast(IReactorTime, self)) if seconds else later


class _Turns:
    """
    So many turns of a reactor, and then a call.
    """

    __slots__ = ("_call", "_clock", "_left", "_next")

    def __init__(self, clock: IReactorTime, turns: int, call: Callable[[], None]) -> None:
        self._clock = clock
        self._left = turns
        self._call = call
        self._next: Timer = clock.callLater(0, self._turn)

    def _turn(self) -> None:
        self._left -= 1
        if self._left > 0:
            self._next = self._clock.callLater(0, self._turn)
        else:
            self._call()

    def cancel(self) -> None:
        self._next.cancel()


class Deadline:
    """
    The time-out of one thing.
    """

    __slots__ = ("_call", "_patience", "_timer")

    def __init__(self, patience: Patience, seconds: float, call: Callable[[], Any]) -> None:
        self._patience = patience
        self._call = call
        self._timer: Timer | None = patience().callLater(seconds, self._due)

    def _due(self) -> None:
        self._timer = self._patience.wait(self._over)

    def _over(self) -> None:
        self._timer = None
        self._call()

    def active(self) -> bool:
        """
        Say whether it is still to come.
        """
        return self._timer is not None

    def cancel(self) -> None:
        """
        Prevent it; nothing happens where it is over.
        """
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()


class Timeouts(Generic[Member]):
    """
    Whatever has so many seconds.

    @param seconds: how many; 0 for all the time in the world
    @param clock: gives the time, an L{IReactorTime}; called when it is first needed.  Where it is a L{Patience}, a full
        round of reading comes between the end of something's time and what follows
    @param expire: called with what had its time, once; what it raises is logged and stops no other
    """

    _log = Logger()

    __slots__ = ("_clock", "_ends", "_expire", "_isEnding", "_seconds", "_timer")

    def __init__(self, seconds: float, clock: Callable[[], IReactorTime], expire: Callable[[Member], Any]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._expire = expire
        # A plain dict forgets from its front ever more slowly.
        self._ends: OrderedDict[Member, float] = OrderedDict()
        self._timer: Timer | None = None
        self._isEnding = False

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
        # Who begins again because its time is over is the last, and others come before it.
        if self._timer is None and not self._isEnding:
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
        now = self._clock().seconds()
        # The timer of the first is kept when the first is gone, so it may have come too early for the next.
        if self._first() > now:
            self._goOn(now)
        elif isinstance(self._clock, Patience):
            self._timer = self._clock.wait(lambda: self._over(now))
        else:
            self._over(now)

    def _first(self) -> float:
        return next(iter(self._ends.values()))

    def _over(self, due: float) -> None:
        """
        Part with those whose time was over then: who begins again by that isn't over at once, however short the time is.
        """
        self._timer = None
        self._isEnding = True
        while self._ends and self._first() <= due:
            member, _ = self._ends.popitem(last=False)
            try:
                self._expire(member)
            except BaseException:
                self._log.failure("A callback of a time-out raised")
        self._isEnding = False
        self._goOn(self._clock().seconds())

    def _goOn(self, now: float) -> None:
        if self._ends and self._timer is None:
            self._timer = self._clock().callLater(max(0, self._first() - now), self._tick)
