"""
Grace: what was lost is missed only after a while, unless it is back by then; it doesn't know what is lost.
"""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from twisted.internet.interfaces import IDelayedCall, IReactorTime

Lost = TypeVar("Lost", bound=Hashable)


class Grace(Generic[Lost]):
    """
    What was lost and may come back, all of it for the same time, so that one timer is enough.

    @param miss: called with each that isn't back in time
    """

    def __init__(self, miss: Callable[[Lost], None]) -> None:
        self._miss = miss
        # In the order of their ends.
        self._ends: dict[Lost, float] = {}
        self._timer: IDelayedCall | None = None

    def add(self, lost: Lost, seconds: float, clock: IReactorTime) -> None:
        """
        Miss something after a while.
        """
        self._ends[lost] = clock.seconds() + seconds
        if self._timer is None:
            self._timer = clock.callLater(seconds, self._due, clock)

    def discard(self, back: Lost) -> None:
        """
        Miss it no more; nothing happens where it isn't lost.
        """
        if self._ends.pop(back, None) is not None and not self._ends:
            self.stop()

    def stop(self) -> None:
        """
        Miss nothing any more.
        """
        self._ends.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __contains__(self, lost: object) -> bool:
        return lost in self._ends

    def _due(self, clock: IReactorTime) -> None:
        self._timer = None
        now = clock.seconds()
        for lost in [lost for lost, end in self._ends.items() if end <= now]:
            del self._ends[lost]
            self._miss(lost)
        if self._ends and self._timer is None:
            self._timer = clock.callLater(next(iter(self._ends.values())) - now, self._due, clock)
