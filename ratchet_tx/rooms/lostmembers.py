"""
Keeps the members whose connections were lost, until their clients reconnect or a timeout ends.
"""

from collections.abc import Callable

from ratchet_tx.budget.ledger import Ledger
from ratchet_tx.deferreds.timeouts import Patience, Timeouts
from ratchet_tx.rooms.membership import Rooms
from ratchet_tx.rooms.roster import Member

#: The room and the ref of a member.
Shown = tuple[str, str]


class LostMembers:
    """
    The members of one node whose connections were lost, and which rooms still show.

    @param seconds: how long each is kept; 0 for not at all
    @param patience: measures these seconds
    @param ledger: counts the bytes of the members
    @param expired: called with a member's room and ref when its timeout ends
    """

    def __init__(self, seconds: float, patience: Patience, ledger: Ledger, expired: Callable[[str, str], None]) -> None:
        self.seconds = seconds
        self._ledger = ledger
        self._expired = expired
        self._timeouts: Timeouts[Shown] = Timeouts(seconds, patience, self._expire)
        self._members: dict[Shown, Member] = {}
        self._byClient: Rooms[Shown] = Rooms()

    def __len__(self) -> int:
        return len(self._members)

    def add(self, room: str, ref: str, member: Member) -> None:
        """
        Keep a member whose connection was lost, and start its timeout.
        """
        self._timeouts.start((room, ref))
        self._members[room, ref] = member
        self._ledger.change("metas", member.size)
        self._byClient.join(member.client, (room, ref))

    def remove(self, room: str, ref: str) -> None:
        """
        Forget a member; nothing happens if it isn't here.
        """
        self._timeouts.stop((room, ref))
        member = self._members.pop((room, ref), None)
        if member is not None:
            self._byClient.leave(member.client, (room, ref))
            self._ledger.change("metas", -member.size)

    def expire(self, client: str, room: str | None = None) -> None:
        """
        End the timeouts of a client's members at once.

        @param client: the client's id
        @param room: only in this room
        """
        for shown in tuple(self._byClient.members(client)):
            if room in (None, shown[0]):
                self._expire(shown)

    def _expire(self, shown: Shown) -> None:
        self.remove(*shown)
        self._expired(*shown)

    def clear(self) -> None:
        """
        Forget all members.
        """
        for shown in tuple(self._members):
            self.remove(*shown)
