"""
Keeps the histories of rooms: numbered events, bounded by number, age and bytes.

The caller tells it the time.
"""

from collections import OrderedDict
from collections.abc import Callable

import msgspec

from ratchet_tx.backplane.epochs import Epochs
from ratchet_tx.backplane.historyevents import HistoryEvent, Position
from ratchet_tx.backplane.messages import Keep
from ratchet_tx.backplane.roomhistory import EVENT_BYTES, RoomHistory

#: About how many bytes of memory a room's history takes besides its events and the room's name.
HISTORY_BYTES = 550

#: How many histories and events L{Histories.expire} looks at in one call: about a millisecond's work.
PORTION = 1000

#: How many rooms L{Histories.forgetOldest} looks at, at most.
_ROOMS = 100


class Histories:
    """
    The histories of all rooms that have one.

    A room's history begins with the first event that is published to the room. It lasts while the room has members, and
    for C{Keep.seconds} after the last publish or leave. The next publish begins a new history, with a new epoch.
    Reading a room that has no history yet keeps nothing, but where the room has members, the epoch is remembered that they
    were told.

    @param hasMembers: called with a room's name, says whether the room has members
    @param changed: called with each change of L{bytes}
    @ivar limit: how many bytes all histories may take; 0 for any number. Beyond it the room that was quiet for the longest
        loses its events, and its history ends if the room has no members
    @ivar bytes: about how many bytes all histories take
    """

    def __init__(self, hasMembers: Callable[[str], bool], changed: Callable[[int], None] = lambda by: None) -> None:
        self._hasMembers = hasMembers
        self._changed = changed
        self._histories: dict[str, RoomHistory] = {}
        # By Keep.seconds, each with the quietest first: within one of them, that is the order in which they end.
        self._quiet: dict[float, OrderedDict[str, RoomHistory]] = {}
        self._epochs = Epochs()
        # Epochs that members were told before their room's history began.
        self._promised: dict[str, str] = {}
        self.limit = 0
        self.bytes = 0

    def limitTo(self, limit: int) -> None:
        """
        Set how many bytes there may be, if no lower limit is set: the lowest one of all nodes holds.

        @param limit: 0 for any number
        """
        self.limit = min(limit, self.limit) if limit and self.limit else limit or self.limit

    def append(self, room: str, keep: Keep, event: str, data: msgspec.Raw, now: float) -> Position:
        """
        Append an event to a room's history.

        @param keep: what the room keeps
        @return: the event's position
        """
        history = self._current(room, now)
        if history is None:
            history = self._begin(room, keep)
        self._touch(room, history, keep, now)
        added = history.append(event, data)
        self._count(EVENT_BYTES + added.size - history.forget(now))
        if 0 < self.limit < self.bytes:
            self._shrink(history, now)
        return history.position

    def read(
        self, room: str, since: Position | None, limit: int, now: float, keep: Keep | None = None
    ) -> tuple[str, int, list[HistoryEvent]] | None:
        """
        Read a room's history.

        @param since: the position to read from; None, or one of another epoch, reads from the beginning
        @param limit: how many events at most, the oldest of them first
        @param keep: what the room keeps: then a room without a history gives its next epoch, offset 0 and no events
        @return: the epoch, the last event's offset, and the events; None where the room has no history
        """
        history = self._current(room, now)
        if history is None:
            return None if keep is None else (self._nextEpoch(room), 0, [])
        self._count(-history.forget(now))
        return *history.position, history.read(since, limit)

    def left(self, room: str, now: float) -> None:
        """
        Note that a member left a room: C{Keep.seconds} count from now.
        """
        history = self._histories.get(room)
        if history is not None:
            self._touch(room, history, history.keep, now)
        elif not self._hasMembers(room):
            self._promised.pop(room, None)

    def joining(self, room: str, now: float) -> None:
        """
        End a room's history if it has expired, before a member joins who would keep it alive.
        """
        self._current(room, now)

    @property
    def due(self) -> float | None:
        """
        When to call L{expire} next; None while there is nothing to expire.
        """
        return min((_first(quiet).ends for quiet in self._quiet.values()), default=None)

    def expire(self, now: float) -> None:
        """
        End the histories, and forget the events, that have expired by now.

        One call handles at most L{PORTION} of them; what is left is due at once.
        """
        portion = PORTION
        for quiet in tuple(self._quiet.values()):
            while quiet and portion > 0 and _first(quiet).ends <= now:
                room, history = next(iter(quiet.items()))
                portion -= 1 + len(history)
                if self._hasMembers(room):
                    self._count(-history.forget(now))
                    self._touch(room, history, history.keep, now)
                else:
                    self._end(room, history)

    def forgetOldest(self, now: float, sparing: RoomHistory | None = None) -> bool:
        """
        Forget the events of the room that was quiet for the longest; end its history if the room has no members.

        @param sparing: a history to leave alone
        @return: whether there was something to forget
        """
        for _ in range(_ROOMS):
            quietest = [next(iter(quiet.items())) for quiet in self._quiet.values()]
            others = [each for each in quietest if each[1] is not sparing]
            if not others:
                return False
            room, history = min(others, key=lambda each: each[1].touched)
            if not self._hasMembers(room):
                self._end(room, history)
                return True
            # Epoch and offset stay, so a client that reconnects is told that something is missing.
            self._touch(room, history, history.keep, now)
            if len(history):
                self._count(-history.forgetAll())
                return True
        return False

    def _shrink(self, newest: RoomHistory, now: float) -> None:
        """
        Get back within the limit; the events of the newest history go last.
        """
        while self.bytes > self.limit and self.forgetOldest(now, sparing=newest):
            pass
        while self.bytes > self.limit and len(newest):
            self._count(-newest.forgetFirst())

    def _nextEpoch(self, room: str) -> str:
        epoch = self._promised.get(room) or self._epochs.next(room)
        if self._hasMembers(room):
            # Members recover by this epoch. Without a promise, the end of another history in the bucket would change it.
            self._promised[room] = epoch
        return epoch

    def _current(self, room: str, now: float) -> RoomHistory | None:
        history = self._histories.get(room)
        if history is not None and history.ends <= now and not self._hasMembers(room):
            self._end(room, history)
            return None
        return history

    def _begin(self, room: str, keep: Keep) -> RoomHistory:
        epoch = self._promised.pop(room, None) or self._epochs.next(room)
        history = self._histories[room] = RoomHistory(epoch, keep)
        self._count(HISTORY_BYTES + len(room))
        return history

    def _touch(self, room: str, history: RoomHistory, keep: Keep, now: float) -> None:
        if keep.seconds != history.keep.seconds:
            self._removeFromQuiet(room, history)
        history.keep = keep
        history.ends = now + keep.seconds
        quiet = self._quiet.setdefault(keep.seconds, OrderedDict())
        quiet[room] = history
        quiet.move_to_end(room)

    def _removeFromQuiet(self, room: str, history: RoomHistory) -> None:
        quiet = self._quiet[history.keep.seconds]
        del quiet[room]
        if not quiet:
            del self._quiet[history.keep.seconds]

    def _end(self, room: str, history: RoomHistory) -> None:
        del self._histories[room]
        self._removeFromQuiet(room, history)
        self._epochs.end(room)
        self._count(-history.bytes - HISTORY_BYTES - len(room))

    def _count(self, by: int) -> None:
        if by:
            self.bytes += by
            self._changed(by)

    def __len__(self) -> int:
        return len(self._histories)


def _first(quiet: OrderedDict[str, RoomHistory]) -> RoomHistory:
    return next(iter(quiet.values()))
