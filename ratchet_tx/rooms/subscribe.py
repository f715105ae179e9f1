"""
Subscribes a connection to rooms, and recovers what it has missed there.

From the request until its reply nothing live of its rooms is sent: the reply says where that begins, so it comes first.
"""

from itertools import compress
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from ratchet_tx.connections.answers import Answers, requireClient
from ratchet_tx.connections.connection import Connection
from ratchet_tx.connections.holdback import Hold, Holds
from ratchet_tx.errors import PeerError
from ratchet_tx.limits.guard import Guard
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.printable import quoted
from ratchet_tx.rooms.access import Access, unavailable
from ratchet_tx.rooms.presence import Presence
from ratchet_tx.rooms.recovery import Entered, recover
from ratchet_tx.rooms.replay import Replay
from ratchet_tx.rooms.requests import Room, Subscription, Subscriptions, checkMeta
from ratchet_tx.settings import Limits
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.errorcodes import REPLAY_LATER, ROOM_DENIED, ROOM_LIMIT
from ratchet_tx.wire.payload import Payload, convertData

_log = Logger()


class Subscribe:
    """
    The subscribing to rooms on one node.

    @param access: says who may enter a room, and what was published there
    @param holds: keep the rooms' frames back until the reply
    @param presence: shows who wants to be shown
    @param guard: takes the price of many rooms at once
    @param answers: reply
    """

    def __init__(
        self,
        access: Access,
        holds: Holds[Connection],
        presence: Presence,
        guard: Guard,
        answers: Answers,
        limits: Limits,
        counters: Counters,
        clock: IReactorTime,
    ) -> None:
        self.access = access
        self.holds = holds
        self.presence = presence
        self.answers = answers
        self.limits = limits
        self.counters = counters
        self._guard = guard
        self._clock = clock

    def subscribe(self, connection: Connection, payload: Payload) -> Deferred[Any] | None:
        """
        C{socket.subscribe}: let a client into rooms that they may be in, and tell them what they missed.
        """
        requireClient(connection)
        several = isinstance(payload.data, dict) and "rooms" in payload.data
        if not several:
            wanted = convertData(payload, Subscription).data
            checkMeta(payload, wanted)
            return _Subscribing(self, connection, payload, (wanted,)).begin()
        rooms = convertData(payload, Subscriptions).data.rooms
        self._checkRooms(payload, [each.room for each in rooms])
        for number, wanted in enumerate(rooms):
            checkMeta(payload, wanted, f"$.data.rooms[{number}]")
        self._guard.chargeForRooms(connection, len(rooms) - 1, self._clock.seconds())
        return _Subscribing(self, connection, payload, rooms, several=True).begin()

    def _checkRooms(self, payload: Payload, rooms: list[str]) -> None:
        if 0 < self.limits.rooms < len(rooms):
            raise PeerError(ROOM_LIMIT, f"You may be in {self.limits.rooms} rooms")
        if len(set(rooms)) < len(rooms):
            raise BadPayload("Each room once", payload.id, path="$.data.rooms")

    def unsubscribe(self, connection: Connection, payload: Payload) -> None:
        """
        C{socket.unsubscribe}: let a client out of a room, whether or not they are in it.
        """
        requireClient(connection)
        room = convertData(payload, Room).data.room
        connection.removeRoom(room)
        self.answers.reply(connection, payload, {"room": room})


class _Subscribing:
    """
    One request to be let into rooms.
    """

    def __init__(
        self,
        subscribe: Subscribe,
        connection: Connection,
        payload: Payload,
        rooms: tuple[Subscription, ...],
        several: bool = False,
    ) -> None:
        self._subscribe = subscribe
        self._connection = connection
        self._payload = payload
        self._rooms = rooms
        self._several = several
        self._permission = subscribe.access.of(connection)
        self._replay = Replay(subscribe.limits.replayBytes, subscribe.limits.sendQueueBytes)

    def begin(self) -> Deferred[Any]:
        """
        @return: fires when it is answered, and whoever is to be shown is
        """
        return Deferred.fromCoroutine(self._run())

    async def _run(self) -> None:
        names = [each.room for each in self._rooms]
        hold = self._subscribe.holds.open(self._connection, names, self._subscribe.limits.sendQueueBytes)
        entering = [Deferred.fromCoroutine(self._enter(each, hold)) for each in self._rooms]
        try:
            entered = await DeferredList(entering, consumeErrors=True)
        finally:
            self._subscribe.holds.close(self._connection, names)
        if self._connection.closing:
            return
        outcomes = [self._inTheEnd(room, outcome, hold) for room, (_, outcome) in zip(names, entered, strict=True)]
        isIn = self._answer(outcomes, hold)
        await DeferredList([self._show(each) for each in compress(self._rooms, isIn) if each.presence])

    async def _enter(self, wanted: Subscription, hold: Hold) -> Entered:
        room = wanted.room
        policy = await self._permission.toEnter(room)
        self._check(room, hold)
        if wanted.presence and not policy.presence:
            raise PeerError(ROOM_DENIED, "Nobody is shown in this room")
        isNew = self._connection.addRoom(room)
        try:
            entered = await recover(self._permission, self._replay, wanted)
            self._check(room, hold)
        except BaseException:
            if isNew:
                self._connection.removeRoom(room)
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

    def _answer(self, outcomes: list[Any], hold: Hold) -> list[bool]:
        """
        Reply, and let go what waited.

        @return: of each room, whether the reply says that the client is in it
        """
        connection, payload = self._connection, self._payload
        answers, limits = self._subscribe.answers, self._subscribe.limits
        queued = connection.transport.queuedBytes
        if limits.sendQueueBytes:
            hold.dropIfOver(limits.sendQueueBytes - queued)
        self._replay.begin(queued + hold.size)
        offsets: dict[str, int] = {}
        results = [
            self._outcome(room.room, outcome, hold, offsets) for room, outcome in zip(self._rooms, outcomes, strict=True)
        ]
        self._tellLost(results)
        if self._several:
            answers.reply(connection, payload, [self._item(*each) for each in zip(self._rooms, results, strict=True)])
        elif isinstance(results[0], PeerError):
            answers.refuse(connection, payload.event, payload.id, results[0])
        else:
            answers.reply(connection, payload, results[0])
        self._release(hold, offsets)
        return [not isinstance(result, PeerError) for result in results]

    def _outcome(self, room: str, outcome: Any, hold: Hold, offsets: dict[str, int]) -> dict[str, Any] | PeerError:
        """
        Say what came of a room: what the reply says of it, or why there is nothing to say.
        """
        if isinstance(outcome, Failure):
            refusal = outcome.value
            return refusal if isinstance(refusal, PeerError) else unavailable(self._connection, room, outcome)
        try:
            return self._result(outcome, hold, offsets)
        except PeerError as later:
            self._connection.removeRoom(room)
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
        showing = Deferred.fromCoroutine(self._subscribe.presence.enter(self._connection, wanted.room, wanted.meta))
        return self._subscribe.access.limit(showing).addErrback(self._notShown, wanted.room)

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
        for held in hold.framesAfter(offsets):
            connection.transport.send(held.frame, held.spare)
            self._subscribe.counters.sent += 1
        if connection.version == 2:
            for room in hold.lost:
                connection.send("socket.resync", {"room": room, "reason": "overflow"})

    def _item(self, wanted: Subscription, result: dict[str, Any] | PeerError) -> dict[str, Any]:
        if not isinstance(result, PeerError):
            return result
        self._subscribe.counters.refused[result.code] += 1
        return {"room": wanted.room, "error": result.asJSON()}

    def _result(self, entered: Entered, hold: Hold, offsets: dict[str, int]) -> dict[str, Any]:
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

    def _last(self, entered: Entered, hold: Hold) -> dict[str, Any]:
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
