"""
The rosters of a node, filled from the backplane and kept up to date by other nodes' messages.

It is asked for again and again, so that what a node that died had, or a change that was lost, is right again after a while.
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


class _Known:
    """
    A room's roster.

    @ivar users: how many are about to be shown in it
    @ivar isComplete: whether it has been asked for
    @ivar touched: who has changed since it was asked for; None where no answer is awaited
    @ivar waiting: who waits for the answer
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
    The rosters of the rooms in which a node shows somebody.

    @param members: asks the backplane who is in a room; gives entries by ref, or a Deferred of them
    @param tell: called with a room's name and what has changed there
    @param isOurs: called with a room's name and a ref, says whether nobody knows better than this node what is shown of it
    @param log: where failures of the backplane are logged
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
        self._byRoom: dict[str, _Known] = {}

    async def begin(self, room: str) -> Roster:
        """
        Know a room's roster until L{end}.

        @return: the roster, once it is complete

        It fails as the backplane does.
        """
        known = self._byRoom.setdefault(room, _Known())
        known.users += 1
        try:
            if not known.isComplete:
                waiting: Deferred[None] = Deferred()
                known.waiting.append(waiting)
                self.ask(room)
                await waiting
        except BaseException:
            self.end(room)
            raise
        return known.roster

    def end(self, room: str) -> None:
        """
        Take back one L{begin}; with the last of them the roster is forgotten.
        """
        known = self._byRoom[room]
        known.users -= 1
        if not known.users:
            del self._byRoom[room]

    def put(self, room: str, ref: str, member: Member) -> None:
        """
        Know that a member is there, or something else of it; those who watch are told what they don't know yet.
        """
        self._change(room, ref, lambda roster, changes: roster.put(ref, member, changes))

    def remove(self, room: str, ref: str) -> None:
        """
        Know that a member is gone.
        """
        self._change(room, ref, lambda roster, changes: roster.remove(ref, changes))

    def _change(self, room: str, ref: str, change: Callable[[Roster, Changes], None]) -> None:
        known = self._byRoom.get(room)
        if known is None:
            return
        if known.touched is not None:
            known.touched.add(ref)
        changes = Changes()
        change(known.roster, changes)
        if changes:
            self._tell(room, changes)

    def ask(self, room: str) -> None:
        """
        Ask for who is there, and compare that with what is known.
        """
        known = self._byRoom[room]
        if known.touched is None:
            known.touched = set()
            asked = maybeDeferred(self._members, room)
            asked.addCallback(self._compare, room, known)
            asked.addErrback(self._failed, room, known)

    def _compare(self, found: Mapping[str, Any], room: str, known: _Known) -> None:
        touched, known.touched = known.touched or set(), None
        changes = Changes()
        for ref in tuple(known.roster):
            if ref not in found and ref not in touched and not self._isOurs((room, ref)):
                known.roster.remove(ref, changes)
        for ref, entry in found.items():
            if ref not in touched and not self._isOurs((room, ref)):
                known.roster.put(ref, fromEntry(entry), changes)
        if changes and self._byRoom.get(room) is known:
            self._tell(room, changes)
        known.isComplete = True
        for waiting in _taken(known.waiting):
            waiting.callback(None)

    def _failed(self, failure: Failure, room: str, known: _Known) -> None:
        known.touched = None
        what = "Backplane query for members failed: room={room}"
        self._peerLog.failure(self._log, UNKNOWN_ADDRESS, what, failure, room=quoted(room))
        for waiting in _taken(known.waiting):
            waiting.errback(failure)

    def next(self, count: int) -> list[str]:
        """
        Name so many rooms, those first whose turn it hasn't been for the longest.
        """
        rooms = list(islice(self._byRoom, count))
        for room in rooms:
            self._byRoom[room] = self._byRoom.pop(room)
        return rooms

    def __len__(self) -> int:
        return len(self._byRoom)


def _taken(waiting: list[Deferred[None]]) -> Iterable[Deferred[None]]:
    """
    Go through those who wait, who then don't any more; some may have been cancelled.
    """
    taken = tuple(waiting)
    waiting.clear()
    return (each for each in taken if not each.called)
