"""
The rooms of one connection: those that it is in, and those that it is subscribing to.
"""

from ratchet_tx.budget.ledger import Account
from ratchet_tx.connections.holdback import HeldFrames
from ratchet_tx.connections.shared import Shared
from ratchet_tx.connections.stages import Staged
from ratchet_tx.errors import PeerError
from ratchet_tx.wire.errorcodes import ROOM_LIMIT


class Member(Staged):
    """
    A connection, as rooms see it.

    @param shared: what all connections of the node share
    @ivar account: counts the bytes that are kept for it
    @ivar heldFrames: buffers frames while it is subscribing to rooms; None otherwise
    """

    __slots__ = ("_rooms", "_shared", "account", "heldFrames")

    def __init__(self, shared: Shared) -> None:
        super().__init__()
        self._shared = shared
        self.account = Account(shared.ledger)
        self.heldFrames: HeldFrames | None = None
        # A dict instead of a set, because it keeps the order; made when first used, because most connections are idle.
        self._rooms: dict[str, None] | None = None

    @property
    def rooms(self) -> tuple[str, ...]:
        return tuple(self._rooms or ())

    def isIn(self, room: str) -> bool:
        """
        Say whether it is in a room.
        """
        return self._rooms is not None and room in self._rooms

    def addRoom(self, room: str) -> bool:
        """
        Put it into a room, without a frame to the peer.

        @return: False if it was in the room already
        @raise PeerError: C{room.limit}
        """
        if self._rooms is None:
            self._rooms = {}
        if room in self._rooms:
            return False
        limit = self._shared.limits.rooms
        if 0 < limit <= len(self._rooms):
            raise PeerError(ROOM_LIMIT, f"You may be in {limit} rooms")
        self._rooms[room] = None
        self._shared.broadcast.joined(self, room)
        return True

    def removeRoom(self, room: str) -> bool:
        """
        Take it out of a room, and end a subscribe to the room, without a frame to the peer.

        @return: whether it was in the room
        """
        if self.heldFrames is not None:
            self.heldFrames.leave(room)
            self.account.keep("held", self.heldFrames.size)
        if self._rooms is None or room not in self._rooms:
            return False
        del self._rooms[room]
        self._shared.broadcast.left(self, (room,))
        return True

    def leaveAll(self) -> None:
        """
        Leave all rooms.
        """
        if self.heldFrames is not None:
            self.heldFrames.leaveAll()
            self.account.keep("held", 0)
        rooms, self._rooms = self._rooms, None
        if rooms:
            self._shared.broadcast.left(self, tuple(rooms))

    def holdBack(self, heldFrames: HeldFrames | None) -> None:
        """
        Set what buffers its frames, or remove it.

        @param heldFrames: buffers the frames of the rooms that it subscribes to; None for none
        """
        self.heldFrames = heldFrames
        if heldFrames is None:
            self.account.keep("held", 0)
