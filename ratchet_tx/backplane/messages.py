"""
The messages that nodes send each other over the backplane.
"""

import msgspec


class Keep(msgspec.Struct, frozen=True):
    """
    How much history a room keeps.

    @ivar size: how many events
    @ivar seconds: for how long it keeps each event, and the history itself once the room has no members
    """

    size: int
    seconds: float


class Deliver(msgspec.Struct, frozen=True, tag=True):
    """
    Send an event to its receivers, among the connections of each node.

    @ivar event: the event's name
    @ivar data: its data, encoded as JSON
    @ivar room: only for those in this room
    @ivar client: only for the connections of the client with this id
    @ivar without: the id of a connection to leave out: the sender
    @ivar keep: where the room has a history, what it keeps: the backplane then appends the event to the history
    @ivar offset: its number in the room's history; the backplane sets it
    """

    event: str
    data: msgspec.Raw
    room: str | None = None
    client: str | None = None
    without: str | None = None
    keep: Keep | None = None
    offset: int | None = None


class Disconnect(msgspec.Struct, frozen=True, tag=True):
    """
    Close every connection of a client.

    @ivar client: its id
    @ivar code: the close code
    """

    client: str
    code: int


class Leave(msgspec.Struct, frozen=True, tag=True):
    """
    Take every connection of a client out of a room.

    @ivar client: its id
    @ivar room: the room's name
    """

    client: str
    room: str


class Present(msgspec.Struct, frozen=True, tag=True):
    """
    Show a member of a room as present, or update what is shown of it.

    @ivar node: the node that says so
    @ivar room: the room's name
    @ivar ref: the member's name in the room
    @ivar client: the id of the member's client
    @ivar meta: the metadata shown of it, encoded as JSON
    @ivar lost: whether its connection was lost; it may reconnect soon
    """

    node: str
    room: str
    ref: str
    client: str
    meta: msgspec.Raw
    lost: bool = False

    def __repr__(self) -> str:
        return f"<Present {self.ref} in {self.room!r}>"


class Absent(msgspec.Struct, frozen=True, tag=True):
    """
    Show a member of a room no longer.

    @ivar node: the node that says so
    @ivar room: the room's name
    @ivar ref: the member's name in the room
    """

    node: str
    room: str
    ref: str


Message = Deliver | Disconnect | Leave | Present | Absent
