"""
Shows the members of rooms to each other, on every node.

Each node keeps the roster of each room that shows a connection of its own. It sends these connections each change of the
roster, and sends the other nodes its own changes. So a connection first gets the roster, and then each change, once and in
order.
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
from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.interfaces import IBackplane
from ratchet_tx.monitoring.peerlog import UNKNOWN_ADDRESS, PeerLog
from ratchet_tx.monitoring.printable import quoted
from ratchet_tx.rooms.lostmembers import LostMembers
from ratchet_tx.rooms.membership import Rooms
from ratchet_tx.rooms.roster import Changes, Member, Roster, fromEntry, packMeta
from ratchet_tx.rooms.rosterstore import Rosters
from ratchet_tx.wire.encoding import encode
from ratchet_tx.wire.frames import makeText

#: Each node renews its members in the backplane every C{ROUND} seconds; members that aren't renewed are forgotten after
#: C{LEASE} seconds.
ROUND = 20
LEASE = 60


class Presence:
    """
    The presence of one node's connections.

    @param seconds: how long a lost connection is still shown; 0 for not at all
    @param patience: measures these seconds
    @param backplane: keeps the members of all nodes
    @param publish: sends a message to every node, and gives what the backplane gives
    @param spread: sends a frame to some connections of this node
    @param ledger: counts the bytes of lost connections' members
    @param log: logs failures of the backplane
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
        self._patience = patience
        self._backplane = backplane
        self._publish = publish
        self._spread = spread
        self._peerLog = log
        self._id = token_hex(8)
        self._shown: Rooms[Connection] = Rooms()
        # The ref of each connection by room, and this node's members by room and ref.
        self._refs: dict[Connection, dict[str, str]] = {}
        self._own: dict[tuple[str, str], Member] = {}
        self._lost = LostMembers(seconds, patience, ledger, self._remove)
        self._rosters = Rosters(lambda room: backplane.members(room), self._tell, self._own.__contains__, log)
        self._renewals: LoopingCall | None = None

    @property
    def isIdle(self) -> bool:
        """
        Whether no room shows a connection of this node, is about to, or shows a lost one.
        """
        return not (len(self._rosters) or self._own or self._refs or len(self._shown) or len(self._lost))

    # This node's members

    async def show(self, connection: Connection, room: str, meta: Mapping[str, Any]) -> None:
        """
        Show a connection in a room, and send it the roster; nothing happens if it has left the room meanwhile.

        If the room still shows a lost connection of the client, this one takes its place, and the others get no change.

        It fails as the backplane does.
        """
        roster = await self._rosters.acquire(room)
        client = connection.client
        if connection.closing or client is None or not connection.isIn(room):
            return self._release(room)
        refs = self._refs.setdefault(connection, {})
        if room in refs:
            self._release(room)
        else:
            refs[room] = roster.lostBy(client.id) or connection.id
        ref = refs[room]
        self._lost.remove(room, ref)
        self._putOwn(room, ref, Member(client.id, packMeta(meta)))
        self._countBytes(connection)
        # Only now, so that it doesn't get its own join.
        self._shown.join(room, connection)
        self._startRenewing()
        connection.send("socket.presence.state", {"room": room, "members": roster.asJSON()}, room=room)

    def update(self, connection: Connection, room: str, meta: Mapping[str, Any]) -> bool:
        """
        Replace the metadata that a room shows for a connection.

        @return: False if the room doesn't show the connection
        """
        ref = self._refs.get(connection, {}).get(room)
        if ref is None or connection.client is None:
            return False
        self._putOwn(room, ref, Member(connection.client.id, packMeta(meta)))
        self._countBytes(connection)
        return True

    def left(self, connection: Connection, rooms: Collection[str]) -> None:
        """
        Stop showing a connection in rooms that it has left.
        """
        refs = self._refs.get(connection, {})
        for room in [room for room in rooms if room in refs]:
            ref, _ = self._popOwn(connection, room)
            self._remove(room, ref)
            self._release(room)
        self._countBytes(connection)

    def lost(self, connection: Connection) -> None:
        """
        Show a lost connection for C{presenceSeconds} longer, because its client may reconnect.
        """
        seconds = self._lost.seconds
        for room in tuple(self._refs.get(connection, ())) if seconds else ():
            ref, member = self._popOwn(connection, room)
            self._lost.add(room, ref, member)
            self._put(room, ref, member._replace(lost=True), lease=seconds)
            self._release(room)

    def disconnected(self, client: str, room: str | None = None) -> None:
        """
        Stop showing the lost connections of a client at once, because it isn't to reconnect.

        @param client: the client's id
        @param room: only in this room
        """
        self._lost.expire(client, room)

    def _countBytes(self, connection: Connection) -> None:
        refs = self._refs.get(connection, {})
        connection.countBytes("metas", sum(self._own[shown].size for shown in refs.items()))

    def _putOwn(self, room: str, ref: str, member: Member) -> None:
        self._own[room, ref] = member
        self._put(room, ref, member)

    def _popOwn(self, connection: Connection, room: str) -> tuple[str, Member]:
        self._shown.leave(room, connection)
        refs = self._refs[connection]
        ref = refs.pop(room)
        if not refs:
            del self._refs[connection]
        return ref, self._own.pop((room, ref))

    def _release(self, room: str) -> None:
        self._rosters.release(room)
        if not len(self._rosters) and self._renewals is not None:
            self._renewals.stop()
            self._renewals = None

    def stop(self) -> None:
        """
        Forget the lost connections; other nodes show them until their leases end.
        """
        self._lost.clear()

    # To the other nodes

    def _put(self, room: str, ref: str, member: Member, lease: float = LEASE) -> None:
        self._rosters.put(room, ref, member)
        self._watch(room, self._backplane.enter(room, ref, member.asEntry(), lease))
        self._watch(room, self._publish(Present(self._id, room, ref, member.client, member.meta, member.lost)))

    def _remove(self, room: str, ref: str) -> None:
        self._rosters.remove(room, ref)
        self._watch(room, self._backplane.leave(room, ref))
        self._watch(room, self._publish(Absent(self._id, room, ref)))

    def _watch(self, room: str, result: Any) -> None:
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

    # From the other nodes

    def received(self, message: Present | Absent) -> None:
        """
        Apply another node's presence message to this node's rosters.
        """
        room, ref = message.room, message.ref
        if message.node == self._id:
            return
        if isinstance(message, Present):
            # If the client has reconnected to another node, that one keeps the member.
            self._lost.remove(room, ref)
            self._rosters.put(room, ref, Member(message.client, message.meta, message.lost))
        elif (room, ref) in self._own:
            # Its timeout ended on the other node, before that one heard that the client has reconnected here.
            self._put(room, ref, self._own[room, ref])
        else:
            self._rosters.remove(room, ref)

    # Renewals

    def _startRenewing(self) -> None:
        if self._renewals is None:
            self._renewals = LoopingCall(self._renewSome)
            self._renewals.clock = self._patience.clock
            self._renewals.start(1, now=False)

    def _renewSome(self) -> None:
        """
        Renew and compare some rooms: all of them within C{ROUND} calls, so that no call takes long.
        """
        for room in self._rosters.nextRooms(-(-len(self._rosters) // ROUND)):
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
            self._rosters.refresh(room)

    def _renew(self, room: str) -> None:
        for connection in self._shown.members(room):
            ref = self._refs[connection][room]
            self._watch(room, self._backplane.enter(room, ref, self._own[room, ref].asEntry(), LEASE))

    async def members(self, room: str, here: Iterable[Connection]) -> dict[str, Any]:
        """
        List the members of a room: those that it shows, on all nodes, and all others on this node.

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
            # It may have left while the backplane was queried.
            if not isShown and connection.client is not None and connection.isIn(room):
                roster.put(connection.id, Member(connection.client.id, packMeta({})), changes)
        return roster.plain()
