"""
Shows the members of rooms to each other, on every node.

Each node keeps the roster of each room in which a connection of its own is shown. It sends these connections each change of
the roster, and sends the other nodes its own changes.
So a connection gets the roster when it enters, and then each change, once and in order.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from secrets import token_hex
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from ratchet_tx.backplane.messages import Absent, Message, Present
from ratchet_tx.budget.ledger import Ledger
from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.coroutines import asDeferred
from ratchet_tx.deferreds.timeouts import Patience, Timeouts
from ratchet_tx.interfaces import IBackplane
from ratchet_tx.monitoring.peerlog import UNKNOWN_ADDRESS, PeerLog
from ratchet_tx.monitoring.printable import quoted
from ratchet_tx.rooms.membership import Rooms
from ratchet_tx.rooms.roster import Changes, Member, Roster, fromEntry, pack
from ratchet_tx.rooms.rosterstore import Rosters
from ratchet_tx.wire.encoding import encode
from ratchet_tx.wire.frames import makeText

#: How often a node names its members to the backplane, in seconds, and after how many they are forgotten where it doesn't.
ROUND = 20
LEASE = 60


class Presence:
    """
    The presence of one node's connections.

    @param seconds: for how long a lost connection is still shown; 0 for not at all
    @param patience: measures these seconds
    @param backplane: keeps the members of all nodes
    @param publish: sends a message to every node, and gives what the backplane gives
    @param spread: sends a frame to some connections of this node
    @param ledger: where it is counted how many bytes are kept of lost connections
    @param log: where failures of the backplane are logged
    """

    _log = Logger()

    def __init__(
        self,
        seconds: float,
        patience: Patience,
        backplane: IBackplane,
        publish: Callable[[Message], Deferred[Any] | None],
        spread: Callable[[bytes, Iterable[Connection]], None],
        ledger: Ledger,
        log: PeerLog,
    ) -> None:
        self._seconds = seconds
        self._patience = patience
        self._backplane = backplane
        self._publish = publish
        self._spread = spread
        self._ledger = ledger
        self._peerLog = log
        self._id = token_hex(8)
        self._shown: Rooms[Connection] = Rooms()
        # Under which ref each connection is shown, by room; and what is shown of it.
        self._refs: dict[Connection, dict[str, str]] = {}
        self._own: dict[tuple[str, str], Member] = {}
        # Who was lost, and is missed only if it isn't back in time.
        self._grace: Timeouts[tuple[str, str]] = Timeouts(seconds, patience, self._missed)
        # Whose connections these were, and which there are of each client.
        self._lost: dict[tuple[str, str], Member] = {}
        self._lostOf: Rooms[tuple[str, str]] = Rooms()
        self._rosters = Rosters(lambda room: backplane.members(room), self._tell, self._own.__contains__, log)
        self._rounds: LoopingCall | None = None

    @property
    def isIdle(self) -> bool:
        """
        Whether no connection of this node is shown, is about to be shown, or is missed.
        """
        return not (len(self._rosters) or self._own or self._refs or len(self._shown) or self._lost)

    # A connection's part

    async def enter(self, connection: Connection, room: str, meta: Mapping[str, Any]) -> None:
        """
        Show a connection in a room that it is in, and show it who else is; nothing happens where it isn't by then.

        Whose client comes back in time takes the place of the connection that was lost, and nobody is told.

        It fails as the backplane does.
        """
        roster = await self._rosters.begin(room)
        client = connection.client
        if connection.closing or client is None or not connection.isIn(room):
            return self._forget(room)
        refs = self._refs.setdefault(connection, {})
        if room in refs:
            self._forget(room)
        else:
            refs[room] = roster.lostBy(client.id) or connection.id
        ref = refs[room]
        self._isBack((room, ref))
        self._show(room, ref, Member(client.id, pack(meta)))
        self._count(connection)
        # Only now: it isn't told of its own coming.
        self._shown.join(room, connection)
        self._goRound()
        connection.send("socket.presence.state", {"room": room, "members": roster.pack()}, room=room)

    def update(self, connection: Connection, room: str, meta: Mapping[str, Any]) -> bool:
        """
        Show something else of a connection.

        @return: whether it is shown in the room at all
        """
        ref = self._refs.get(connection, {}).get(room)
        if ref is None or connection.client is None:
            return False
        self._show(room, ref, Member(connection.client.id, pack(meta)))
        self._count(connection)
        return True

    def left(self, connection: Connection, rooms: Collection[str]) -> None:
        """
        Show a connection no longer in some rooms, which it has left.
        """
        refs = self._refs.get(connection, {})
        for room in [room for room in rooms if room in refs]:
            ref, _ = self._hide(connection, room)
            self._remove(room, ref)
            self._forget(room)
        self._count(connection)

    def lost(self, connection: Connection) -> None:
        """
        Go on showing a connection that was lost for C{presenceSeconds}, for its client may be back by then.
        """
        for room in tuple(self._refs.get(connection, ())) if self._seconds else ():
            ref, member = self._hide(connection, room)
            self._grace.start((room, ref))
            self._lost[room, ref] = member
            self._ledger.change("metas", member.size)
            self._lostOf.join(member.client, (room, ref))
            self._put(room, ref, member._replace(lost=True), lease=self._seconds)
            self._forget(room)

    def sentAway(self, client: str, room: str | None = None) -> None:
        """
        Miss the lost connections of a client at once: it isn't to come back.

        @param client: its id
        @param room: only in this room
        """
        for lost in tuple(self._lostOf.members(client)):
            if room in (None, lost[0]):
                self._missed(lost)

    def _missed(self, lost: tuple[str, str]) -> None:
        self._isBack(lost)
        self._remove(*lost)

    def _isBack(self, lost: tuple[str, str]) -> None:
        """
        Miss somebody no more.
        """
        self._grace.stop(lost)
        member = self._lost.pop(lost, None)
        if member is not None:
            self._lostOf.leave(member.client, lost)
            self._ledger.change("metas", -member.size)

    def _count(self, connection: Connection) -> None:
        """
        Note how many bytes are kept of what is shown of a connection.
        """
        refs = self._refs.get(connection, {})
        connection.countBytes("metas", sum(self._own[shown].size for shown in refs.items()))

    def _show(self, room: str, ref: str, member: Member) -> None:
        self._own[room, ref] = member
        self._put(room, ref, member)

    def _hide(self, connection: Connection, room: str) -> tuple[str, Member]:
        self._shown.leave(room, connection)
        refs = self._refs[connection]
        ref = refs.pop(room)
        if not refs:
            del self._refs[connection]
        return ref, self._own.pop((room, ref))

    def _forget(self, room: str) -> None:
        self._rosters.end(room)
        if not len(self._rosters) and self._rounds is not None:
            self._rounds.stop()
            self._rounds = None

    def stop(self) -> None:
        """
        Miss nobody any more: what is left ends with its leases.
        """
        for lost in tuple(self._lost):
            self._isBack(lost)

    # To the others

    def _put(self, room: str, ref: str, member: Member, lease: float = LEASE) -> None:
        """
        Know a member, and have everybody else know it.
        """
        self._rosters.put(room, ref, member)
        self._do(room, self._backplane.enter(room, ref, member.asEntry(), lease))
        self._do(room, self._publish(Present(self._id, room, ref, member.client, member.meta, member.lost)))

    def _remove(self, room: str, ref: str) -> None:
        self._rosters.remove(room, ref)
        self._do(room, self._backplane.leave(room, ref))
        self._do(room, self._publish(Absent(self._id, room, ref)))

    def _do(self, room: str, result: Any) -> None:
        later = asDeferred(result)
        if later is not None:
            later.addErrback(self._logNotPublished, room)

    def _logNotPublished(self, failure: Failure, room: str) -> None:
        line = "Presence update not published, retried within {seconds} s: room={room}"
        self._peerLog.failure(self._log, UNKNOWN_ADDRESS, line, failure, seconds=ROUND, room=quoted(room))

    def _tell(self, room: str, changes: Changes) -> None:
        shown = tuple(self._shown.members(room))
        if shown:
            data = {"room": room, "joins": changes.joins, "leaves": changes.leaves}
            self._spread(makeText(encode("socket.presence.diff", data, room=room)), shown)

    # From the others

    def received(self, message: Present | Absent) -> None:
        """
        Know what another node says.
        """
        room, ref = message.room, message.ref
        if message.node == self._id:
            return
        if isinstance(message, Present):
            # Where it has come back to another node, that one minds it.
            self._isBack((room, ref))
            self._rosters.put(room, ref, Member(message.client, message.meta, message.lost))
        elif (room, ref) in self._own:
            # It was missed over there before it was known that it has come back here.
            self._put(room, ref, self._own[room, ref])
        else:
            self._rosters.remove(room, ref)

    # Round by round

    def _goRound(self) -> None:
        if self._rounds is None:
            self._rounds = LoopingCall(self._step)
            self._rounds.clock = self._patience.clock
            self._rounds.start(1, now=False)

    def _step(self) -> None:
        """
        Go on with the round: each second some rooms, so that no second has much to do.
        """
        for room in self._rosters.next(-(-len(self._rosters) // ROUND)):
            try:
                self._renew(room)
            except Exception:
                self._peerLog.failure(
                    self._log,
                    UNKNOWN_ADDRESS,
                    "Presence not renewed, retried within {seconds} s: room={room}",
                    seconds=ROUND,
                    room=quoted(room),
                )
            self._rosters.ask(room)

    def _renew(self, room: str) -> None:
        for connection in self._shown.members(room):
            ref = self._refs[connection][room]
            self._do(room, self._backplane.enter(room, ref, self._own[room, ref].asEntry(), LEASE))

    # Who is there

    async def members(self, room: str, here: Iterable[Connection]) -> dict[str, Any]:
        """
        Say who is in a room: who is shown there, on all nodes, and of this node whoever else is.

        @param here: the connections of this node that are in the room
        """
        found = self._backplane.members(room)
        later = asDeferred(found)
        entries = found if later is None else await later
        roster, changes = Roster(), Changes()
        for ref, entry in entries.items():
            roster.put(ref, fromEntry(entry), changes)
        for connection in here:
            isShown = room in self._refs.get(connection, {})
            # It may have left while others were asked.
            if not isShown and connection.client is not None and connection.isIn(room):
                roster.put(connection.id, Member(connection.client.id, pack({})), changes)
        return roster.plain()
