"""
The events in a room's history, and the positions that they have there.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import force_setattr


class Position(NamedTuple):
    """
    A position in a room's history.

    @ivar epoch: which history of the room it is in: a position of an earlier one means nothing in a later one
    @ivar offset: how many events of that history have been published; the last of them has this number
    """

    epoch: str
    offset: int


#: About how many bytes an event has on the wire besides its name and its data.
_ENVELOPE = 40

#: How many bytes it has at least: its name has a character, and so has its data.
LEAST_BYTES = _ENVELOPE + 2


class _Sized:
    __slots__ = ("size",)

    size: int


class HistoryEvent(_Sized, msgspec.Struct, frozen=True):
    """
    A published event, as a replay sends it.

    @ivar event: its name
    @ivar data: its data, encoded as JSON
    @ivar offset: its number in the history
    @ivar size: about how many bytes it has on the wire; not sent itself
    """

    event: str
    data: msgspec.Raw
    offset: int

    def __post_init__(self) -> None:
        # Computed once, for each replay asks for it; force_setattr, for the Struct is frozen.
        force_setattr(self, "size", _ENVELOPE + len(self.event.encode()) + len(self.data))


def sizeOf(events: Sequence[HistoryEvent]) -> int:
    """
    Sum up about how many bytes events have on the wire.
    """
    return sum(event.size for event in events)


def isAll(events: Sequence[HistoryEvent], since: Position, now: Position) -> bool:
    """
    Say whether events are everything that was published between two positions, without a gap.

    It takes time by the number of events, not by the distance of the positions.
    """
    if since.epoch != now.epoch or len(events) != now.offset - since.offset:
        return False
    return all(event.offset == number for number, event in enumerate(events, since.offset + 1))
