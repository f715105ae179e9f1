"""
Keeps the members of rooms on this node.
"""

from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

Member = TypeVar("Member", bound=Hashable)


class Rooms(Generic[Member]):
    """
    Rooms with their members; a room exists while it has members.

    Joining and leaving take the same time however many members there are.
    """

    def __init__(self) -> None:
        # A dict instead of a set, so that members get events in the order in which they joined.
        self._members: dict[str, dict[Member, None]] = {}

    def join(self, room: str, member: Member) -> bool:
        """
        Add a member to a room.

        @return: whether the room is new
        """
        members = self._members.get(room)
        if members is None:
            self._members[room] = {member: None}
            return True
        members[member] = None
        return False

    def leave(self, room: str, member: Member) -> bool:
        """
        Remove a member, which must be in the room.

        @return: whether it was the last member, and the room is gone
        """
        members = self._members[room]
        del members[member]
        if members:
            return False
        del self._members[room]
        return True

    def members(self, room: str) -> Collection[Member]:
        """
        List the members of a room, as a view: copy it before a loop that may change the room.
        """
        return self._members.get(room, {}).keys()

    def __len__(self) -> int:
        return len(self._members)
