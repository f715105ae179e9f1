"""
Timeouts: of one thing, and of many things with one timer.

L{Timeouts} have one duration each, so they end in the order in which they began, and starting or stopping one takes the same
time however many there are.

A timeout of something that a peer must send ends only after one round of reading: if the process was late, because it was
stopped or a handler blocked it, the peer's bytes may be there, unread.
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
    A call that can be cancelled.
    """

    def cancel(self) -> None: ...


class Patience:
    """
    Times out what peers must send: each timeout ends only after a full round of reading.

    @param clock: measures the time
    @ivar clock: the same, for what doesn't wait for peers
    """

    def __init__(self, clock: IReactorTime) -> None:
        self.clock = clock
        self._readers: list[Callable[[], int]] = []

    def addReader(self, turns: Callable[[], int]) -> None:
        """
        Add a reader that may need several turns of the reactor to read all sockets.

        @param turns: gives the number of turns after which all is read that can be read now
        """
        self._readers.append(turns)

    def wait(self, call: Callable[[], None]) -> Timer:
        """
        Call something after a round of reading.
        """
        # One turn more: the reactor may call the first still in this turn, before it reads.
        return _Turns(self.clock, 1 + max((turns() for turns in self._readers), default=1), call)

    def callLater(self, seconds: float, call: Callable[..., Any], *arguments: Any) -> "Deadline":
        """
        Call something after some time and a round of reading.
        """
        return Deadline(self, seconds, lambda: call(*arguments))

    def limit(self, later: Deferred[Any], seconds: float) -> Deferred[Any]:
        """
        Cancel a Deferred that hasn't fired after some time and a round of reading.

        @param seconds: the time; 0 for no limit
        @return: the same Deferred, which then fails with C{defer.TimeoutError}
        """
        # addTimeout uses callLater only.
        return later.addTimeout(seconds, cast(IReactorTime, self)) if seconds else later


class _Turns:
    """
    A call after a number of turns of the reactor.
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
    The timeout of one thing.
    """

    __slots__ = ("_call", "_patience", "_timer")

    def __init__(self, patience: Patience, seconds: float, call: Callable[[], Any]) -> None:
        self._patience = patience
        self._call = call
        self._timer: Timer | None = patience.clock.callLater(seconds, self._due)

    def _due(self) -> None:
        self._timer = self._patience.wait(self._over)

    def _over(self) -> None:
        self._timer = None
        self._call()

    def active(self) -> bool:
        """
        Say whether it hasn't ended yet.
        """
        return self._timer is not None

    def cancel(self) -> None:
        """
        Cancel it; nothing happens if it has ended.
        """
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()


class Timeouts(Generic[Member]):
    """
    The timeouts of many members, all with the same duration.

    @param seconds: the duration; 0 for no limit
    @param clock: measures the time. With a L{Patience}, each ends only after a full round of reading
    @param expire: called with each member whose timeout ends; an exception is logged, and the others end all the same
    """

    _log = Logger()

    __slots__ = ("_clock", "_ends", "_expire", "_isEnding", "_patience", "_seconds", "_timer")

    def __init__(self, seconds: float, clock: IReactorTime | Patience, expire: Callable[[Member], Any]) -> None:
        self._seconds = seconds
        self._patience = clock if isinstance(clock, Patience) else None
        self._clock = clock.clock if isinstance(clock, Patience) else clock
        self._expire = expire
        # A plain dict gets ever slower at removing its first items.
        self._ends: OrderedDict[Member, float] = OrderedDict()
        self._timer: Timer | None = None
        self._isEnding = False

    def __contains__(self, member: Member) -> bool:
        return member in self._ends

    def __len__(self) -> int:
        return len(self._ends)

    def start(self, member: Member) -> None:
        """
        Start the timeout of a member, or start it again.
        """
        if not self._seconds:
            return
        self._ends[member] = self._clock.seconds() + self._seconds
        self._ends.move_to_end(member)
        # During _over the timer is set afterwards, for the first member.
        if self._timer is None and not self._isEnding:
            self._timer = self._clock.callLater(self._seconds, self._tick)

    def stop(self, member: Member) -> None:
        """
        Stop the timeout of a member; nothing happens if it has none.
        """
        if self._ends.pop(member, None) is not None and not self._ends and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        self._timer = None
        now = self._clock.seconds()
        # The timer isn't moved when the first member stops, so it may be too early for the next one.
        if self._first() > now:
            self._goOn(now)
        elif self._patience is not None:
            self._timer = self._patience.wait(lambda: self._over(now))
        else:
            self._over(now)

    def _first(self) -> float:
        return next(iter(self._ends.values()))

    def _over(self, due: float) -> None:
        """
        End the timeouts that were due then; one that starts again meanwhile doesn't end at once, however short it is.
        """
        self._timer = None
        self._isEnding = True
        while self._ends and self._first() <= due:
            member, _ = self._ends.popitem(last=False)
            try:
                self._expire(member)
            except BaseException:
                self._log.failure("Timeout callback failed")
        self._isEnding = False
        self._goOn(self._clock.seconds())

    def _goOn(self, now: float) -> None:
        if self._ends and self._timer is None:
            self._timer = self._clock.callLater(max(0, self._first() - now), self._tick)
