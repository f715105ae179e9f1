"""
The histories of rooms: events with their numbers, bounded by number, age and bytes.

It is told what time it is, and knows neither who is in a room nor how events travel.
"""

from collections import OrderedDict
from collections.abc import Callable

import msgspec

from ratchet_tx.backplane.epochs import Epochs
from ratchet_tx.backplane.lives import EVENT_BYTES, Life
from ratchet_tx.backplane.messages import Keep
from ratchet_tx.backplane.past import Past, Position

#: About how many bytes of memory a room's life takes beside its events and its name.
LIFE_BYTES = 550

#: How many lives and events are looked at in one go when what is over is forgotten: about a millisecond's work.
PORTION = 1000

#: How many rooms at most are looked at for the one that is to be forgotten.
_ROOMS = 100


class Histories:
    """
    The histories of all rooms that have one.

    A room's life begins with the first event that is published to it. It goes on while somebody is in the room, and for as
    long as the room keeps things after it was last published to or left; the next one is another life of the room.
    Asking keeps nothing; only where somebody is in a room, the epoch that was told is the one that its life will have.

    @param isNeeded: called with a room's name, says whether somebody is in it
    @param changed: called with how many bytes more, or less, there are
    @ivar limit: how many bytes all of them may take: beyond it the room that was quiet for the longest forgets its events,
        and its life is over if nobody is in it; 0 for any number
    @ivar bytes: about how many bytes they take
    """

    def __init__(self, isNeeded: Callable[[str], bool], changed: Callable[[int], None] = lambda by: None) -> None:
        self._isNeeded = isNeeded
        self._changed = changed
        self._lives: dict[str, Life] = {}
        # By the seconds that they are kept, those that were quiet for the longest first: so these end first, too.
        self._quiet: dict[float, OrderedDict[str, Life]] = {}
        self._epochs = Epochs()
        self._told: dict[str, str] = {}
        self.limit = 0
        self.bytes = 0

    def append(self, room: str, keep: Keep, event: str, data: msgspec.Raw, now: float) -> Position:
        """
        Remember an event.

        @param keep: what the room keeps
        @return: its position
        """
        life = self._living(room, now)
        if life is None:
            life = self._begin(room, keep)
        self._touch(room, life, keep, now)
        past = life.append(event, data)
        self._count(EVENT_BYTES + past.size - life.forget(now))
        if 0 < self.limit < self.bytes:
            self._fit(life, now)
        return life.position

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
        life = self._living(room, now)
        if life is None:
            return None if keep is None else (self._tell(room), 0, [])
        self._count(-life.forget(now))
        return *life.position, life.read(since, limit)

    def left(self, room: str, now: float) -> None:
        """
        Note that somebody has left a room: from now on counts how long it is remembered.
        """
        life = self._lives.get(room)
        if life is not None:
            self._touch(room, life, life.keep, now)
        elif not self._isNeeded(room):
            self._told.pop(room, None)

    def come(self, room: str, now: float) -> None:
        """
        Note that somebody is about to come into a room: a life that is over doesn't go on because of that.
        """
        self._living(room, now)

    @property
    def due(self) -> float | None:
        """
        When to call L{expire} next; None while there is nothing that could be forgotten.
        """
        return min((_first(quiet).ends for quiet in self._quiet.values()), default=None)

    def expire(self, now: float) -> None:
        """
        Forget what is over or too old by now, but no more than a portion at once: the rest is due at once.
        """
        portion = PORTION
        for quiet in tuple(self._quiet.values()):
            while quiet and portion > 0 and _first(quiet).ends <= now:
                room, life = next(iter(quiet.items()))
                portion -= 1 + len(life)
                if self._isNeeded(room):
                    self._count(-life.forget(now))
                    self._touch(room, life, life.keep, now)
                else:
                    self._end(room, life)

    def forgetOldest(self, now: float, sparing: Life | None = None) -> bool:
        """
        Forget the events of the room that was quiet for the longest, and its life, if nobody is in it.

        @param sparing: one that isn't to be forgotten
        @return: whether there was something to forget
        """
        for _ in range(_ROOMS):
            quietest = [next(iter(quiet.items())) for quiet in self._quiet.values()]
            others = [each for each in quietest if each[1] is not sparing]
            if not others:
                return False
            room, life = min(others, key=lambda each: each[1].touched)
            if not self._isNeeded(room):
                self._end(room, life)
                return True
            # Its members go on counting from where they are, and a client that comes back is told that something is missing.
            self._touch(room, life, life.keep, now)
            if len(life):
                self._count(-life.forgetAll())
                return True
        return False

    def _fit(self, newest: Life, now: float) -> None:
        """
        Keep within the limit: what was published just now goes last.
        """
        while self.bytes > self.limit and self.forgetOldest(now, sparing=newest):
            pass
        while self.bytes > self.limit and len(newest):
            self._count(-newest.forgetFirst())

    def _tell(self, room: str) -> str:
        """
        Say which epoch the life will have that hasn't begun.
        """
        epoch = self._told.get(room) or self._epochs.next(room)
        if self._isNeeded(room):
            # Who is in it goes on from there, whatever ends in other rooms of its bucket.
            self._told[room] = epoch
        return epoch

    def _living(self, room: str, now: float) -> Life | None:
        life = self._lives.get(room)
        if life is not None and life.ends <= now and not self._isNeeded(room):
            self._end(room, life)
            return None
        return life

    def _begin(self, room: str, keep: Keep) -> Life:
        epoch = self._told.pop(room, None) or self._epochs.next(room)
        life = self._lives[room] = Life(epoch, keep)
        self._count(LIFE_BYTES + len(room))
        return life

    def _touch(self, room: str, life: Life, keep: Keep, now: float) -> None:
        if keep.seconds != life.keep.seconds:
            self._take(room, life)
        life.keep = keep
        life.ends = now + keep.seconds
        quiet = self._quiet.setdefault(keep.seconds, OrderedDict())
        quiet[room] = life
        quiet.move_to_end(room)

    def _take(self, room: str, life: Life) -> None:
        quiet = self._quiet[life.keep.seconds]
        del quiet[room]
        if not quiet:
            del self._quiet[life.keep.seconds]

    def _end(self, room: str, life: Life) -> None:
        del self._lives[room]
        self._take(room, life)
        self._epochs.end(room)
        self._count(-life.bytes - LIFE_BYTES - len(room))

    def _count(self, by: int) -> None:
        if by:
            self.bytes += by
            self._changed(by)

    def __len__(self) -> int:
        return len(self._lives)


def _first(quiet: OrderedDict[str, Life]) -> Life:
    return next(iter(quiet.values()))
