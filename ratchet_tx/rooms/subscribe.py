"""
Subscribes a connection to rooms, and recovers what it has missed there.

From the request until its reply nothing live of its rooms is sent: the reply says where that begins, so it comes first.
"""

from collections.abc import Sequence
from itertools import compress
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger
from twisted.python.failure import Failure

from ratchet_tx.backplane.historyevents import HistoryEvent, Position, isAll
from ratchet_tx.connections.connection import Connection
from ratchet_tx.connections.holdback import Hold
from ratchet_tx.errors import PeerError
from ratchet_tx.monitoring.printable import quoted
from ratchet_tx.rooms.access import Permission, RoomNode, requireClient
from ratchet_tx.rooms.replay import Replay
from ratchet_tx.rooms.requests import Room, Since, Subscription, Subscriptions, checkMeta
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.errorcodes import REPLAY_LATER, ROOM_DENIED, ROOM_LIMIT
from ratchet_tx.wire.payload import Payload, convertData

_log = Logger()


def subscribe(node: RoomNode, connection: Connection, payload: Payload) -> Deferred[Any] | None:
    """
    C{socket.subscribe}: let a client into rooms that he may be in, and tell him what he missed.
    """
    requireClient(connection)
    several = isinstance(payload.data, dict) and "rooms" in payload.data
    if not several:
        wanted = convertData(payload, Subscription).data
        checkMeta(payload, wanted)
        return _Subscribing(node, connection, payload, (wanted,)).begin()
    rooms = convertData(payload, Subscriptions).data.rooms
    _checkRooms(node, payload, [each.room for each in rooms])
    for number, wanted in enumerate(rooms):
        checkMeta(payload, wanted, f"$.data.rooms[{number}]")
    node.guard.chargeForRooms(connection, len(rooms) - 1, node.clock.seconds())
    return _Subscribing(node, connection, payload, rooms, several=True).begin()


def _checkRooms(node: RoomNode, payload: Payload, rooms: list[str]) -> None:
    if 0 < node.limits.rooms < len(rooms):
        raise PeerError(ROOM_LIMIT, f"You may be in {node.limits.rooms} rooms")
    if len(set(rooms)) < len(rooms):
        raise BadPayload("Each room once", payload.id, path="$.data.rooms")


def unsubscribe(node: RoomNode, connection: Connection, payload: Payload) -> None:
    """
    C{socket.unsubscribe}: let somebody out of a room, whether or not he is in it.
    """
    requireClient(connection)
    room = convertData(payload, Room).data.room
    connection.quit(room)
    node.answers.reply(connection, payload, {"room": room})


class _Entered(NamedTuple):
    """
    A room that the client is in.

    @ivar now: where the room is; None where it has no history
    @ivar missed: what was published since the position that the client wants to go on from; None where that can't be told
    @ivar last: what was published last, where it was asked for and what was missed can't be told
    """

    wanted: Subscription
    now: Position | None = None
    missed: Sequence[HistoryEvent] | None = None
    last: Sequence[HistoryEvent] = ()


class _Subscribing:
    """
    One request to be let into rooms.
    """

    def __init__(
        self,
        node: RoomNode,
        connection: Connection,
        payload: Payload,
        rooms: tuple[Subscription, ...],
        several: bool = False,
    ) -> None:
        self._node = node
        self._connection = connection
        self._payload = payload
        self._rooms = rooms
        self._several = several
        self._permission = Permission(node, connection)
        self._replay = Replay(node.limits.replayBytes, node.limits.sendQueueBytes)

    def begin(self) -> Deferred[Any]:
        """
        @return: fires when it is answered, and whoever is to be shown is
        """
        return Deferred.fromCoroutine(self._run())

    async def _run(self) -> None:
        names = [each.room for each in self._rooms]
        hold = self._node.holds.open(self._connection, names, self._node.limits.sendQueueBytes)
        entering = [Deferred.fromCoroutine(self._enter(each, hold)) for each in self._rooms]
        try:
            entered = await DeferredList(entering, consumeErrors=True)
        finally:
            self._node.holds.close(self._connection, names)
        if self._connection.closing:
            return
        outcomes = [self._inTheEnd(room, outcome, hold) for room, (_, outcome) in zip(names, entered, strict=True)]
        isIn = self._answer(outcomes, hold)
        await DeferredList([self._show(each) for each in compress(self._rooms, isIn) if each.presence])

    async def _enter(self, wanted: Subscription, hold: Hold) -> _Entered:
        room = wanted.room
        policy = await self._permission.toEnter(room)
        self._check(room, hold)
        if wanted.presence and not policy.presence:
            raise PeerError(ROOM_DENIED, "Nobody is shown in this room")
        isNew = self._connection.enter(room)
        try:
            entered = await self._position(wanted)
            self._check(room, hold)
        except BaseException:
            if isNew:
                self._connection.quit(room)
            raise
        return entered

    def _check(self, room: str, hold: Hold) -> None:
        """
        See whether anything happened meanwhile that makes it needless: an end, another client, a leave.
        """
        if self._connection.closing or room not in hold.rooms:
            raise _takenOut()

    def _inTheEnd(self, room: str, outcome: Any, hold: Hold) -> Any:
        """
        Say what came of a room: who was let in early may have been taken out while another room was waited for.
        """
        return outcome if isinstance(outcome, Failure) or room in hold.rooms else Failure(_takenOut())

    async def _position(self, wanted: Subscription) -> _Entered:
        room, count = wanted.room, wanted.history
        keep = self._node.applications.policies.keep(room)
        if keep is None:
            return _Entered(wanted)
        since = None if wanted.recover is None else wanted.recover.position
        most = self._replay.mostEvents(keep.size) if since else 0
        epoch, offset, events = await self._permission.past(room, wanted.recover, most, keep)
        now = Position(epoch, offset)
        isRecovered = since is not None and isAll(events, since, now) and self._replay.couldHave(events)
        if isRecovered or not count:
            return _Entered(wanted, now, events if isRecovered else None)
        # One more than was asked for, which says whether there are more.
        before = Since(epoch, max(0, offset - count - 1))
        epoch, offset, events = await self._permission.past(room, before, keep.size, keep)
        return _Entered(wanted, Position(epoch, offset), None, events[-count - 1 :])

    def _answer(self, outcomes: list[Any], hold: Hold) -> list[bool]:
        """
        Reply, and let go what waited.

        @return: of each room, whether the reply says that the client is in it
        """
        node, connection, payload = self._node, self._connection, self._payload
        queued = connection.transport.queuedBytes
        if node.limits.sendQueueBytes:
            hold.fit(node.limits.sendQueueBytes - queued)
        self._replay.begin(queued + hold.size)
        offsets: dict[str, int] = {}
        results = [
            self._outcome(room.room, outcome, hold, offsets) for room, outcome in zip(self._rooms, outcomes, strict=True)
        ]
        self._tellLost(results)
        if self._several:
            node.answers.reply(connection, payload, [self._item(*each) for each in zip(self._rooms, results, strict=True)])
        elif isinstance(results[0], PeerError):
            node.answers.refuse(connection, payload.event, payload.id, results[0])
        else:
            node.answers.reply(connection, payload, results[0])
        self._release(hold, offsets)
        return [not isinstance(result, PeerError) for result in results]

    def _outcome(self, room: str, outcome: Any, hold: Hold, offsets: dict[str, int]) -> dict[str, Any] | PeerError:
        """
        Say what came of a room: what the reply says of it, or why there is nothing to say.
        """
        if isinstance(outcome, Failure):
            return _refusalOf(self._connection, outcome)
        try:
            return self._result(outcome, hold, offsets)
        except PeerError as later:
            self._connection.quit(room)
            hold.leave(room)
            return later

    def _tellLost(self, results: list[dict[str, Any] | PeerError]) -> None:
        """
        Say of which rooms something may be missing, before the last events of these come.
        """
        for wanted, result in zip(self._rooms, results, strict=True):
            isLost = not isinstance(result, PeerError) and result.get("recovered") is False
            if isLost and wanted.history and self._connection.version == 2:
                self._connection.send("socket.resync", {"room": wanted.room, "reason": "lost"})

    def _show(self, wanted: Subscription) -> Deferred[None]:
        node = self._node
        showing = Deferred.fromCoroutine(node.presence.enter(self._connection, wanted.room, wanted.meta))
        node.patience.limit(showing, node.limits.handlerSeconds)
        return showing.addErrback(self._notShown, wanted.room)

    def _notShown(self, failure: Failure, room: str) -> None:
        connection = self._connection
        if not connection.closing:
            connection.peerLog.failure(
                _log,
                connection.remoteAddress,
                "Showing {id} in {room} failed; it is taken out",
                failure,
                id=connection.id,
                room=quoted(room),
            )
            connection.leave(room)

    def _release(self, hold: Hold, offsets: dict[str, int]) -> None:
        connection = self._connection
        for held in hold.after(offsets):
            connection.transport.send(held.frame, held.spare)
            self._node.counters.sent += 1
        if connection.version == 2:
            for room in hold.lost:
                connection.send("socket.resync", {"room": room, "reason": "overflow"})

    def _item(self, wanted: Subscription, result: dict[str, Any] | PeerError) -> dict[str, Any]:
        if not isinstance(result, PeerError):
            return result
        self._node.counters.refused[result.code] += 1
        return {"room": wanted.room, "error": result.asJSON()}

    def _result(self, entered: _Entered, hold: Hold, offsets: dict[str, int]) -> dict[str, Any]:
        """
        Say what came of it; the room's frames up to the offset in there are part of it.

        @raise PeerError: C{replay.later}
        """
        wanted, now = entered.wanted, entered.now
        room = wanted.room
        result: dict[str, Any] = {"room": room}
        if now is not None:
            # What was dropped is missed, so the client comes in after it.
            offset = max(now.offset, hold.lost.get(room) or 0)
            offsets[room] = offset
            result |= {"epoch": now.epoch, "offset": offset}
        if wanted.recover is None:
            result["recoverable"] = now is not None
            return result | self._last(entered, hold)
        if entered.missed is not None and room not in hold.lost:
            if self._replay.take(entered.missed):
                return {**result, "recovered": True, "events": entered.missed}
            if self._several:
                raise PeerError(REPLAY_LATER, "What you missed is too much for this reply: ask again", retry=True)
        return {**result, "recovered": False, "events": [], **self._last(entered, hold)}

    def _last(self, entered: _Entered, hold: Hold) -> dict[str, Any]:
        """
        Give the last events, where they were asked for: the newest of them that there is room for.
        """
        wanted, last = entered.wanted, entered.last
        if not wanted.history:
            return {}
        # After what was dropped they wouldn't be the last.
        given = () if wanted.room in hold.lost else self._replay.takeNewest(last[-wanted.history :])
        more = len(given) < len(last) or (entered.now is not None and wanted.room in hold.lost)
        return {"events": given, "more": more}


def _takenOut() -> PeerError:
    return PeerError(ROOM_DENIED, "You were taken out of this room meanwhile")


def _refusalOf(connection: Connection, failure: Failure) -> PeerError:
    refusal = failure.value
    if isinstance(refusal, PeerError):
        return refusal
    connection.peerLog.failure(_log, connection.remoteAddress, "Subscribing failed", failure)
    return PeerError(ROOM_DENIED, "This room can't be entered right now", retry=True)
