"""
The messages that nodes send each other over the backplane.
"""

import msgspec


class Keep(msgspec.Struct, frozen=True):
    """
    What a room keeps of what is published to it.

    @ivar size: how many events
    @ivar seconds: for how long each, and the room itself when nobody is in it
    """

    size: int
    seconds: float


class Deliver(msgspec.Struct, frozen=True, tag=True):
    """
    Send an event to those whom it is for, among the connections of each node.

    @ivar event: the event's name
    @ivar data: its data, in JSON already
    @ivar room: only for those in this room
    @ivar client: only for the connections of the client of this id
    @ivar without: the id of a connection to leave out: the sender
    @ivar keep: what the room keeps of it, where it has a history: for the backplane, which appends it to that
    @ivar offset: its number in the room's history, which the backplane gives it
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
    Know a member of a room, or what else is shown of it.

    @ivar node: whose word this is
    @ivar room: the room's name
    @ivar ref: what the member is called there
    @ivar client: the id of the client that it is
    @ivar meta: what else is shown, in JSON already
    @ivar lost: whether its connection is gone, and it may be back soon
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
    Forget a member of a room.

    @ivar node: whose word this is
    @ivar room: the room's name
    @ivar ref: what the member is called there
    """

    node: str
    room: str
    ref: str


Message = Deliver | Disconnect | Leave | Present | Absent
