"""
What rooms remember of what was published to them: bounded by number and by age, and numbered without a gap.

It is told what time it is, and knows neither who is in a room nor how events travel.
"""

from collections import deque
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from itertools import islice
from secrets import token_urlsafe
from typing import NamedTuple

import msgspec

from ratchet_tx.messages import Keep


class Position(NamedTuple):
    """
    A place in what is published to a room.

    @ivar epoch: which life of the room it is in: random, as nothing of an earlier life counts in a later one
    @ivar offset: how many events of that life have been published, the last of them having this number
    """

    epoch: str
    offset: int


class Past(msgspec.Struct, frozen=True):
    """
    An event that was published, as it goes over the wire once more.

    @ivar event: its name
    @ivar data: its data, in JSON already
    @ivar offset: its number
    """

    event: str
    data: msgspec.Raw
    offset: int


#: About how many bytes an event has beside its name and its data.
_ENVELOPE = 40


def sizeOf(events: Sequence[Past]) -> int:
    """
    Say about how many bytes some events have on the wire.
    """
    return sum(_ENVELOPE + len(event.event.encode()) + len(event.data) for event in events)


def isAll(events: Sequence[Past], since: Position, now: Position) -> bool:
    """
    Say whether some events are everything that was published between two positions, without a gap.
    """
    if since.epoch != now.epoch:
        return False
    return [event.offset for event in events] == list(range(since.offset + 1, now.offset + 1)) and since.offset <= now.offset


class _History:
    """
    One life of a room.

    @ivar keep: what it keeps
    @ivar ends: when it is over, if nobody is in the room then
    """

    __slots__ = ("_events", "_offset", "ends", "epoch", "keep")

    def __init__(self, epoch: str, keep: Keep, now: float) -> None:
        self.epoch = epoch
        self._offset = 0
        self.keep = keep
        # Each with the time at which it is too old.
        self._events: deque[tuple[float, Past]] = deque()
        self.touch(now)

    @property
    def position(self) -> Position:
        return Position(self.epoch, self._offset)

    def touch(self, now: float) -> None:
        self.ends = now + self.keep.seconds

    def append(self, keep: Keep, event: str, data: msgspec.Raw, now: float) -> Position:
        self.keep = keep
        self._offset += 1
        self.touch(now)
        self._events.append((self.ends, Past(event, data, self._offset)))
        self._forget(now)
        return self.position

    def _forget(self, now: float) -> None:
        events = self._events
        while events and (len(events) > self.keep.size or events[0][0] <= now):
            events.popleft()

    def read(self, since: Position | None, limit: int, now: float) -> list[Past]:
        self._forget(now)
        if not self._events:
            return []
        first = self._events[0][1].offset
        start = 0 if since is None or since.epoch != self.epoch else max(0, since.offset + 1 - first)
        return [event for _, event in islice(self._events, start, start + limit)]


class Histories:
    """
    The histories of all rooms that have one.

    A room's is there while somebody is in the room, and for as long as it keeps things after it was begun, last published to
    or left; the next one is another life of the room.

    @param isNeeded: called with a room's name, says whether somebody is in it
    """

    def __init__(self, isNeeded: Callable[[str], bool]) -> None:
        self._isNeeded = isNeeded
        self._histories: dict[str, _History] = {}
        # When to look whether a room is still needed: once each, so that what ends costs nothing until then.
        self._ends: list[tuple[float, str]] = []

    def append(self, room: str, keep: Keep, event: str, data: msgspec.Raw, now: float) -> Position:
        """
        Remember an event.

        @param keep: what the room keeps
        @return: its position
        """
        return self._begun(room, keep, now).append(keep, event, data, now)

    def read(
        self, room: str, since: Position | None, limit: int, now: float, keep: Keep | None = None
    ) -> tuple[str, int, list[Past]] | None:
        """
        Read what was published.

        @param since: after which position; None, or one of another life, for all that is remembered
        @param limit: how many events at most, the oldest of them first
        @param keep: what the room keeps, for one that has a history but no life yet
        @return: the epoch and the offset of the last event, and events; None where there is no history
        """
        history = self._living(room, now) if keep is None else self._begun(room, keep, now)
        if history is None:
            return None
        return *history.position, history.read(since, limit, now)

    def left(self, room: str, now: float) -> None:
        """
        Note that somebody has left a room: from now on counts how long it is remembered.
        """
        history = self._histories.get(room)
        if history is not None:
            history.touch(now)

    def expire(self, now: float) -> None:
        """
        Forget the rooms whose lives are over by now.
        """
        while self._ends and self._ends[0][0] <= now:
            _, room = heappop(self._ends)
            history = self._histories[room]
            if self._isNeeded(room):
                heappush(self._ends, (now + history.keep.seconds, room))
            elif history.ends > now:
                heappush(self._ends, (history.ends, room))
            else:
                del self._histories[room]

    def _living(self, room: str, now: float) -> _History | None:
        self.expire(now)
        return self._histories.get(room)

    def _begun(self, room: str, keep: Keep, now: float) -> _History:
        history = self._living(room, now)
        if history is None:
            history = self._histories[room] = _History(token_urlsafe(6), keep, now)
            heappush(self._ends, (history.ends, room))
        return history

    def __len__(self) -> int:
        return len(self._histories)
