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

#: How many bytes of JSON the presence metadata of a member may have.
META_BYTES = 1024

#: How many events of a room's history one reply has at most.
PAGE = 100

Name = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH)]
Offset = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Since(msgspec.Struct, frozen=True):
    """
    The position of the last event that a client has of a room.
    """

    epoch: str
    offset: Offset

    @property
    def position(self) -> Position:
        """
        The same in the form that histories use.
        """
        return Position(self.epoch, self.offset)


class Room(msgspec.Struct, frozen=True):
    """
    The name of a room; the data of C{socket.unsubscribe}.
    """

    room: Name


class Subscription(Room, frozen=True):
    """
    A room to subscribe to.

    @ivar recover: the client's last position, to get the events after it
    @ivar history: how many of the last events to send if the missed ones can't be recovered; 0 for none
    @ivar presence: whether the room shows the connection, and sends it who else is there
    @ivar meta: the presence metadata of the connection
    """

    recover: Since | None = None
    history: Annotated[int, Meta(ge=1, le=PAGE)] = 0
    presence: bool = False
    meta: dict[str, Any] = {}


class Subscriptions(msgspec.Struct, frozen=True):
    """
    Several rooms to subscribe to at once.
    """

    rooms: Annotated[tuple[Subscription, ...], Meta(min_length=1)]


class Page(Room, frozen=True):
    """
    A request for a page of a room's history.

    @ivar since: the position after which the page begins; None for the oldest events
    @ivar limit: how many events at most
    """

    since: Since | None = None
    limit: Annotated[int, Meta(ge=1)] = PAGE


class PresenceUpdate(Room, frozen=True):
    """
    New presence metadata of the connection in a room.
    """

    meta: dict[str, Any] = {}


def checkMeta(payload: Payload, wanted: "Subscription | PresenceUpdate", path: str = "$.data") -> None:
    """
    Check the size of presence metadata.

    @param path: the JSON path of the request
    @raise BadPayload: for too many bytes
    """
    if len(encodeData(payload.event, wanted.meta)) > META_BYTES:
        raise BadPayload(f"More than {META_BYTES} bytes", payload.id, path=f"{path}.meta")
