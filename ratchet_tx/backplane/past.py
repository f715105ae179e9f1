"""
Published events with their numbers, and positions in a room's history.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import force_setattr


class Position(NamedTuple):
    """
    A place in what is published to a room.

    @ivar epoch: which life of the room it is in, as nothing of an earlier life counts in a later one
    @ivar offset: how many events of that life have been published, the last of them having this number
    """

    epoch: str
    offset: int


#: About how many bytes an event has on the wire beside its name and its data.
_ENVELOPE = 40

#: How many it has at least: a name has a character, and so has data.
LEAST_BYTES = _ENVELOPE + 2


class _Sized:
    __slots__ = ("size",)

    size: int


class Past(_Sized, msgspec.Struct, frozen=True):
    """
    An event that was published, as it goes over the wire once more.

    @ivar event: its name
    @ivar data: its data, in JSON already
    @ivar offset: its number
    @ivar size: about how many bytes it has on the wire; it is no part of what goes there
    """

    event: str
    data: msgspec.Raw
    offset: int

    def __post_init__(self) -> None:
        # It is frozen, and each replay asks for its size.
        force_setattr(self, "size", _ENVELOPE + len(self.event.encode()) + len(self.data))


def sizeOf(events: Sequence[Past]) -> int:
    """
    Say about how many bytes some events have on the wire.
    """
    return sum(event.size for event in events)


def isAll(events: Sequence[Past], since: Position, now: Position) -> bool:
    """
    Say whether some events are everything that was published between two positions, without a gap.

    It costs by the number of the events, however far apart the positions are.
    """
    if since.epoch != now.epoch or len(events) != now.offset - since.offset:
        return False
    return all(event.offset == number for number, event in enumerate(events, since.offset + 1))
