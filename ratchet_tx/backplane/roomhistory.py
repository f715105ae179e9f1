"""
One room's history: the events published since it began, as many as are still kept.
"""

from array import array

import msgspec

from ratchet_tx.backplane.historyevents import HistoryEvent, Position
from ratchet_tx.backplane.messages import Keep

#: About how many bytes of memory an event takes besides its size on the wire.
EVENT_BYTES = 200

#: How many forgotten events the list may hold in front, before it is shortened.
_FORGOTTEN = 32


class RoomHistory:
    """
    One room's history, from its first event to its end.

    @ivar epoch: tells this history from earlier and later ones of the room
    @ivar keep: what the room keeps
    @ivar ends: when the history ends, if the room has no members then
    """

    __slots__ = ("_ends", "_events", "_first", "_offset", "ends", "epoch", "keep")

    def __init__(self, epoch: str, keep: Keep) -> None:
        self.epoch = epoch
        self.keep = keep
        self.ends = 0.0
        self._offset = 0
        # A list, not a deque: reading from the middle is O(1). The first _first entries are forgotten events, None.
        self._events: list[HistoryEvent | None] = []
        self._ends = array("d")
        self._first = 0

    def __len__(self) -> int:
        return len(self._events) - self._first

    @property
    def position(self) -> Position:
        """
        The position of the last event.
        """
        return Position(self.epoch, self._offset)

    @property
    def touched(self) -> float:
        """
        When the room was last published to or left.
        """
        return self.ends - self.keep.seconds

    def append(self, event: str, data: msgspec.Raw) -> HistoryEvent:
        """
        Append an event, with the next offset.
        """
        self._offset += 1
        added = HistoryEvent(event, data, self._offset)
        self._events.append(added)
        self._ends.append(self.ends)
        return added

    def forget(self, now: float) -> int:
        """
        Forget the events that are too old, or too many.

        @return: how many bytes they took
        """
        size = 0
        while len(self) > self.keep.size or (len(self) and self._ends[self._first] <= now):
            size += self.forgetFirst()
        return size

    def forgetFirst(self) -> int:
        """
        Forget the oldest event.

        @return: how many bytes it took
        """
        oldest = self._events[self._first]
        assert oldest is not None, "only events before the first are None"
        self._events[self._first] = None
        self._first += 1
        if self._first > _FORGOTTEN and self._first * 2 > len(self._events):
            del self._events[: self._first]
            del self._ends[: self._first]
            self._first = 0
        return EVENT_BYTES + oldest.size

    def forgetAll(self) -> int:
        """
        Forget all events, but not the offset.

        @return: how many bytes they took
        """
        size = self.bytes
        self._events, self._ends, self._first = [], array("d"), 0
        return size

    @property
    def bytes(self) -> int:
        """
        How many bytes the events take.
        """
        return sum(EVENT_BYTES + event.size for event in self._events if event is not None)

    def read(self, since: Position | None, limit: int) -> list[HistoryEvent]:
        """
        Read events, the oldest first.

        @param since: the position to read from; None, or one of another epoch, reads from the beginning
        @param limit: how many events at most
        """
        before = self._offset - len(self)
        known = before if since is None or since.epoch != self.epoch else max(since.offset, before)
        start = self._first + known - before
        return self._events[start : start + limit]  # type: ignore[return-value]
