"""
One life of a room: the events published since it began, as far as they are remembered.
"""

from array import array

import msgspec

from ratchet_tx.backplane.messages import Keep
from ratchet_tx.backplane.past import Past, Position

#: About how many bytes of memory an event takes beside what it has on the wire.
EVENT_BYTES = 200

#: How many forgotten events may stand before the others in the list, before that is made shorter.
_FORGOTTEN = 32


class Life:
    """
    One life of a room.

    @ivar keep: what it keeps
    @ivar ends: when it is over, if nobody is in the room then
    """

    __slots__ = ("_ends", "_events", "_first", "_offset", "ends", "epoch", "keep")

    def __init__(self, epoch: str, keep: Keep) -> None:
        self.epoch = epoch
        self.keep = keep
        self.ends = 0.0
        self._offset = 0
        # Lists and not deques: what stands in the middle is reached at once. Before the first event are forgotten ones.
        self._events: list[Past | None] = []
        self._ends = array("d")
        self._first = 0

    def __len__(self) -> int:
        return len(self._events) - self._first

    @property
    def position(self) -> Position:
        return Position(self.epoch, self._offset)

    @property
    def touched(self) -> float:
        return self.ends - self.keep.seconds

    def append(self, event: str, data: msgspec.Raw) -> Past:
        self._offset += 1
        past = Past(event, data, self._offset)
        self._events.append(past)
        self._ends.append(self.ends)
        return past

    def forget(self, now: float) -> int:
        """
        Forget what is too old, or too much.

        @return: how many bytes that took
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
        past = self._events[self._first]
        assert past is not None, "what comes after the first is remembered"
        self._events[self._first] = None
        self._first += 1
        if self._first > _FORGOTTEN and self._first * 2 > len(self._events):
            del self._events[: self._first]
            del self._ends[: self._first]
            self._first = 0
        return EVENT_BYTES + past.size

    def forgetAll(self) -> int:
        """
        Forget all events, but not how many there were.

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
        return sum(EVENT_BYTES + past.size for past in self._events if past is not None)

    def read(self, since: Position | None, limit: int) -> list[Past]:
        before = self._offset - len(self)
        known = before if since is None or since.epoch != self.epoch else max(since.offset, before)
        start = self._first + known - before
        return self._events[start : start + limit]  # type: ignore[return-value]
