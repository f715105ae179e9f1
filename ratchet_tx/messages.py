"""
What nodes tell each other over the backplane; values, which know nothing of how they travel.
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


Message = Deliver | Disconnect | Leave
