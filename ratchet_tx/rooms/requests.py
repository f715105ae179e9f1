"""
The data types of the room requests: subscribe, history, presence update.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ratchet_tx.backplane.historyevents import Position
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.encoding import encodeData
from ratchet_tx.wire.names import NAME_LENGTH
from ratchet_tx.wire.payload import Payload

#: How much may be shown of a member of a room, in bytes of JSON.
META_BYTES = 1024

#: How many events of a room's history are given at once.
PAGE = 100

Name = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH)]
Offset = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Since(msgspec.Struct, frozen=True):
    """
    Up to where somebody knows what was published.
    """

    epoch: str
    offset: Offset

    @property
    def position(self) -> Position:
        """
        The same as the histories say it.
        """
        return Position(self.epoch, self.offset)


class Room(msgspec.Struct, frozen=True):
    """
    A room by its name.
    """

    room: Name


class Subscription(Room, frozen=True):
    """
    A room that somebody wants to be in.

    @ivar recover: where they were in it before, and want to go on from
    @ivar history: how many of the last events they want, unless what they missed can be told; 0 for none
    @ivar presence: whether they want to be shown there, and to be told who else is
    @ivar meta: what else to show of them
    """

    recover: Since | None = None
    history: Annotated[int, Meta(ge=1, le=PAGE)] = 0
    presence: bool = False
    meta: dict[str, Any] = {}


class Subscriptions(msgspec.Struct, frozen=True):
    """
    Several of them.
    """

    rooms: Annotated[tuple[Subscription, ...], Meta(min_length=1)]


class Page(Room, frozen=True):
    """
    Some of a room's history.
    """

    since: Since | None = None
    limit: Annotated[int, Meta(ge=1)] = PAGE


class Shown(Room, frozen=True):
    """
    What else to show of somebody in a room.
    """

    meta: dict[str, Any] = {}


def checkMeta(payload: Payload, wanted: "Subscription | Shown", path: str = "$.data") -> None:
    """
    Check that there isn't too much to show.

    @param path: where it stands
    @raise BadPayload: where there is
    """
    if len(encodeData(payload.event, wanted.meta)) > META_BYTES:
        raise BadPayload(f"More than {META_BYTES} bytes", payload.id, path=f"{path}.meta")
