"""
Keeps the rooms that one connection is in.
"""

from ratchet_tx.errors import PeerError
from ratchet_tx.wire.errorcodes import ROOM_LIMIT


class Memberships:
    """
    One connection's rooms, in the order in which it entered them.
    """

    __slots__ = ("_rooms",)

    def __init__(self) -> None:
        # A dict and not a set, for their order.
        self._rooms: dict[str, None] = {}

    def enter(self, room: str, limit: int) -> bool:
        """
        Be in a room from now on.

        @param limit: in how many rooms it may be; 0 for any number
        @return: whether it wasn't already
        @raise PeerError: C{room.limit}
        """
        if room in self._rooms:
            return False
        if limit and len(self._rooms) >= limit:
            raise PeerError(ROOM_LIMIT, f"You may be in {limit} rooms")
        self._rooms[room] = None
        return True

    def quit(self, room: str) -> bool:
        """
        Be in a room no longer.

        @return: whether it was in it
        """
        if room not in self._rooms:
            return False
        del self._rooms[room]
        return True

    def quitAll(self) -> tuple[str, ...]:
        """
        Be in no room any longer.

        @return: those that it was in
        """
        rooms = tuple(self._rooms)
        self._rooms.clear()
        return rooms

    def names(self) -> tuple[str, ...]:
        return tuple(self._rooms)

    def __contains__(self, room: str) -> bool:
        return room in self._rooms
