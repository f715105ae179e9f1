"""
The rosters of a node: filled from the backplane, and kept up to date by other nodes' messages.

Each roster is compared with the backplane periodically, so that lost messages and members of dead nodes are corrected.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ratchet_tx.monitoring.peerlog import UNBOUNDED, UNKNOWN_ADDRESS, PeerLog
from ratchet_tx.monitoring.printable import quoted
from ratchet_tx.rooms.roster import Changes, Member, Roster, fromEntry


class _KeptRoster:
    """
    A room's roster.

    @ivar users: how many connections use it
    @ivar isComplete: whether it was filled from the backplane
    @ivar touched: the refs that changed since the backplane was queried; None if no query is under way
    @ivar waiting: fire when the query is answered
    """

    __slots__ = ("isComplete", "roster", "touched", "users", "waiting")

    def __init__(self) -> None:
        self.roster = Roster()
        self.users = 0
        self.isComplete = False
        self.touched: set[str] | None = None
        self.waiting: list[Deferred[None]] = []


class Rosters:
    """
    The rosters of the rooms in which a node has members.

    @param members: queries the backplane for a room's members; gives entries by ref, or a Deferred of them
    @param tell: called with a room's name and its changes
    @param isOurs: called with a room's name and a ref; says whether it is a member of this node, which the backplane can't
        correct
    @param log: logs failures of the backplane
    """

    _log = Logger()

    def __init__(
        self,
        members: Callable[[str], Any],
        tell: Callable[[str, Changes], None],
        isOurs: Callable[[tuple[str, str]], bool],
        log: PeerLog = UNBOUNDED,
    ) -> None:
        self._peerLog = log
        self._members = members
        self._tell = tell
        self._isOurs = isOurs
        self._byRoom: dict[str, _KeptRoster] = {}

    async def acquire(self, room: str) -> Roster:
        """
        Keep a room's roster up to date until L{release}.

        @return: the roster, once it is filled from the backplane

        It fails as the backplane does.
        """
        kept = self._byRoom.setdefault(room, _KeptRoster())
        kept.users += 1
        try:
            if not kept.isComplete:
                waiting: Deferred[None] = Deferred()
                kept.waiting.append(waiting)
                self.refresh(room)
                await waiting
        except BaseException:
            self.release(room)
            raise
        return kept.roster

    def release(self, room: str) -> None:
        """
        End one L{acquire}; after the last one the roster is dropped.
        """
        kept = self._byRoom[room]
        kept.users -= 1
        if not kept.users:
            del self._byRoom[room]

    def put(self, room: str, ref: str, member: Member) -> None:
        """
        Add or replace a member of a room, and report the change.
        """
        self._change(room, ref, lambda roster, changes: roster.put(ref, member, changes))

    def remove(self, room: str, ref: str) -> None:
        """
        Remove a member of a room, and report the change.
        """
        self._change(room, ref, lambda roster, changes: roster.remove(ref, changes))

    def _change(self, room: str, ref: str, change: Callable[[Roster, Changes], None]) -> None:
        kept = self._byRoom.get(room)
        if kept is None:
            return
        if kept.touched is not None:
            kept.touched.add(ref)
        changes = Changes()
        change(kept.roster, changes)
        if changes:
            self._tell(room, changes)

    def refresh(self, room: str) -> None:
        """
        Query the backplane for a room's members, and correct the roster.
        """
        kept = self._byRoom[room]
        if kept.touched is None:
            kept.touched = set()
            asked = maybeDeferred(self._members, room)
            asked.addCallback(self._compare, room, kept)
            asked.addErrback(self._failed, room, kept)

    def _compare(self, found: Mapping[str, Any], room: str, kept: _KeptRoster) -> None:
        touched, kept.touched = kept.touched or set(), None
        changes = Changes()
        for ref in tuple(kept.roster):
            if ref not in found and ref not in touched and not self._isOurs((room, ref)):
                kept.roster.remove(ref, changes)
        for ref, entry in found.items():
            if ref not in touched and not self._isOurs((room, ref)):
                kept.roster.put(ref, fromEntry(entry), changes)
        if changes and self._byRoom.get(room) is kept:
            self._tell(room, changes)
        kept.isComplete = True
        for waiting in _taken(kept.waiting):
            waiting.callback(None)

    def _failed(self, failure: Failure, room: str, kept: _KeptRoster) -> None:
        kept.touched = None
        what = "Backplane query for members failed: room={room}"
        self._peerLog.failure(self._log, UNKNOWN_ADDRESS, what, failure, room=quoted(room))
        for waiting in _taken(kept.waiting):
            waiting.errback(failure)

    def nextRooms(self, count: int) -> list[str]:
        """
        Choose the next rooms to refresh: all rooms take turns.
        """
        rooms = list(islice(self._byRoom, count))
        for room in rooms:
            self._byRoom[room] = self._byRoom.pop(room)
        return rooms

    def __len__(self) -> int:
        return len(self._byRoom)


def _taken(waiting: list[Deferred[None]]) -> Iterable[Deferred[None]]:
    """
    Clear a list of waiting Deferreds, and give those that aren't cancelled.
    """
    taken = tuple(waiting)
    waiting.clear()
    return (each for each in taken if not each.called)
