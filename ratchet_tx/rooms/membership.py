"""
The members of rooms on this node.
"""

from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

Member = TypeVar("Member", bound=Hashable)


class Rooms(Generic[Member]):
    """
    Rooms, each with its members; a room is there while somebody is in it.

    Joining and leaving cost the same however many members there are.
    """

    def __init__(self) -> None:
        # A dict and not a set: members are told things in the order in which they came.
        self._members: dict[str, dict[Member, None]] = {}

    def join(self, room: str, member: Member) -> bool:
        """
        Put somebody into a room.

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
        Take somebody out, who is in.

        @return: whether the room is gone with its last member
        """
        members = self._members[room]
        del members[member]
        if members:
            return False
        del self._members[room]
        return True

    def members(self, room: str) -> Collection[Member]:
        """
        Name who is in a room; it changes with the room, so take a copy to go through.
        """
        return self._members.get(room, {}).keys()

    def __len__(self) -> int:
        return len(self._members)
