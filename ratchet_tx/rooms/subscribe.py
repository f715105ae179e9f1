"""
Subscribes a connection to rooms, and recovers the events that it missed there.

Live events of these rooms are held back until the reply is sent, because the reply says at which offset they begin.
"""

from itertools import compress
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from ratchet_tx.connections.answers import Answers, requireClient
from ratchet_tx.connections.connection import Connection
from ratchet_tx.connections.holdback import HeldFrames, Holdbacks
from ratchet_tx.errors import PeerError
from ratchet_tx.limits.guard import Guard
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.printable import quoted
from ratchet_tx.rooms.access import Access, unavailable
from ratchet_tx.rooms.presence import Presence
from ratchet_tx.rooms.recovery import Joined, recover
from ratchet_tx.rooms.replay import Replay
from ratchet_tx.rooms.requests import Room, Subscription, Subscriptions, checkMeta
from ratchet_tx.settings import Limits
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.errorcodes import REPLAY_LATER, ROOM_DENIED, ROOM_LIMIT
from ratchet_tx.wire.payload import Payload, convertData

_log = Logger()


class Subscribe:
    """
    Answers the C{socket.subscribe} and C{socket.unsubscribe} events of one node.

    @param access: decides who may join a room, and reads its history
    @param holdbacks: hold back the rooms' live frames until the reply is sent
    @param presence: shows the connections that ask for presence
    @param guard: charges the rate limit for each further room of one event
    @param answers: sends the reply
    """

    def __init__(
        self,
        access: Access,
        holdbacks: Holdbacks[Connection],
        presence: Presence,
        guard: Guard,
        answers: Answers,
        limits: Limits,
        counters: Counters,
        clock: IReactorTime,
    ) -> None:
        self.access = access
        self.holdbacks = holdbacks
        self.presence = presence
        self.answers = answers
        self.limits = limits
        self.counters = counters
        self._guard = guard
        self._clock = clock

    def subscribe(self, connection: Connection, payload: Payload) -> Deferred[Any] | None:
        """
        C{socket.subscribe}: join the rooms that the client may be in, and reply with the events that it missed.
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
        C{socket.unsubscribe}: leave a room; nothing happens if the connection isn't in it.
        """
        requireClient(connection)
        room = convertData(payload, Room).data.room
        connection.removeRoom(room)
        self.answers.reply(connection, payload, {"room": room})


class _Subscribing:
    """
    One subscribe request.
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
        self._permission = subscribe.access.forClient(connection)
        self._replay = Replay(subscribe.limits.replayBytes, subscribe.limits.sendQueueBytes)

    def begin(self) -> Deferred[Any]:
        """
        @return: fires when the request is answered and the presence is shown
        """
        return Deferred.fromCoroutine(self._run())

    async def _run(self) -> None:
        names = [each.room for each in self._rooms]
        heldFrames = self._subscribe.holdbacks.open(self._connection, names, self._subscribe.limits.sendQueueBytes)
        joining = [Deferred.fromCoroutine(self._join(each, heldFrames)) for each in self._rooms]
        try:
            joined = await DeferredList(joining, consumeErrors=True)
        finally:
            self._subscribe.holdbacks.close(self._connection, names)
        if self._connection.closing:
            return
        outcomes = [self._recheck(room, outcome, heldFrames) for room, (_, outcome) in zip(names, joined, strict=True)]
        isIn = self._answer(outcomes, heldFrames)
        await DeferredList([self._show(each) for each in compress(self._rooms, isIn) if each.presence])

    async def _join(self, wanted: Subscription, heldFrames: HeldFrames) -> Joined:
        room = wanted.room
        policy = await self._permission.requireMayJoin(room)
        self._check(room, heldFrames)
        if wanted.presence and not policy.presence:
            raise PeerError(ROOM_DENIED, "Nobody is shown in this room")
        isNew = self._connection.addRoom(room)
        try:
            joined = await recover(self._permission, self._replay, wanted)
            self._check(room, heldFrames)
        except BaseException:
            if isNew:
                self._connection.removeRoom(room)
            raise
        return joined

    def _check(self, room: str, heldFrames: HeldFrames) -> None:
        """
        Check that the connection still subscribes to a room: meanwhile it may have been closed, have got another client, or
        have been removed from the room.
        """
        if self._connection.closing or room not in heldFrames.rooms:
            raise _removed()

    def _recheck(self, room: str, outcome: Any, heldFrames: HeldFrames) -> Any:
        """
        Check the outcome of a room again: the connection may have been removed from it while another room was waited for.
        """
        return outcome if isinstance(outcome, Failure) or room in heldFrames.rooms else Failure(_removed())

    def _answer(self, outcomes: list[Any], heldFrames: HeldFrames) -> list[bool]:
        """
        Send the reply, and then the frames that were held back.

        @return: for each room, whether the client has joined it
        """
        connection, payload = self._connection, self._payload
        answers, limits = self._subscribe.answers, self._subscribe.limits
        queued = connection.transport.queuedBytes
        if limits.sendQueueBytes:
            heldFrames.dropIfOver(limits.sendQueueBytes - queued)
        self._replay.begin(queued + heldFrames.size)
        offsets: dict[str, int] = {}
        results = [
            self._resultFor(room.room, outcome, heldFrames, offsets)
            for room, outcome in zip(self._rooms, outcomes, strict=True)
        ]
        self._sendResyncs(results)
        if self._several:
            answers.reply(connection, payload, [self._item(*each) for each in zip(self._rooms, results, strict=True)])
        elif isinstance(results[0], PeerError):
            answers.refuse(connection, payload.event, payload.id, results[0])
        else:
            answers.reply(connection, payload, results[0])
        self._sendHeld(heldFrames, offsets)
        return [not isinstance(result, PeerError) for result in results]

    def _resultFor(
        self, room: str, outcome: Any, heldFrames: HeldFrames, offsets: dict[str, int]
    ) -> dict[str, Any] | PeerError:
        """
        Make the reply's part for a room: the result, or the refusal.
        """
        if isinstance(outcome, Failure):
            refusal = outcome.value
            return refusal if isinstance(refusal, PeerError) else unavailable(self._connection, room, outcome)
        try:
            return self._result(outcome, heldFrames, offsets)
        except PeerError as later:
            self._connection.removeRoom(room)
            heldFrames.leave(room)
            return later

    def _sendResyncs(self, results: list[dict[str, Any] | PeerError]) -> None:
        """
        Send C{socket.resync} for rooms of which events may be lost, before the reply with their last events.
        """
        for wanted, result in zip(self._rooms, results, strict=True):
            isLost = not isinstance(result, PeerError) and result.get("recovered") is False
            if isLost and wanted.history and self._connection.version == 2:
                self._connection.send("socket.resync", {"room": wanted.room, "reason": "lost"})

    def _show(self, wanted: Subscription) -> Deferred[None]:
        showing = Deferred.fromCoroutine(self._subscribe.presence.show(self._connection, wanted.room, wanted.meta))
        return self._subscribe.access.limit(showing).addErrback(self._notShown, wanted.room)

    def _notShown(self, failure: Failure, room: str) -> None:
        connection = self._connection
        if not connection.closing:
            connection.peerLog.failure(
                _log,
                connection.remoteAddress,
                "Presence not shown, connection removed from the room: room={room} id={id}",
                failure,
                room=quoted(room),
                id=connection.id,
            )
            connection.leave(room)

    def _sendHeld(self, heldFrames: HeldFrames, offsets: dict[str, int]) -> None:
        connection = self._connection
        for held in heldFrames.framesAfter(offsets):
            connection.transport.send(held.frame, held.spare)
            self._subscribe.counters.sent += 1
        if connection.version == 2:
            for room in heldFrames.lost:
                connection.send("socket.resync", {"room": room, "reason": "overflow"})

    def _item(self, wanted: Subscription, result: dict[str, Any] | PeerError) -> dict[str, Any]:
        if not isinstance(result, PeerError):
            return result
        self._subscribe.counters.refused[result.code] += 1
        return {"room": wanted.room, "error": result.asJSON()}

    def _result(self, joined: Joined, heldFrames: HeldFrames, offsets: dict[str, int]) -> dict[str, Any]:
        """
        Make the result for a room that the client has joined.

        @param offsets: gets the room's offset in the result, up to which held back frames are left out
        @raise PeerError: C{replay.later}
        """
        wanted, now = joined.wanted, joined.now
        room = wanted.room
        result: dict[str, Any] = {"room": room}
        if now is not None:
            # Frames that were dropped are lost, so the live events begin after them.
            offset = max(now.offset, heldFrames.lost.get(room) or 0)
            offsets[room] = offset
            result |= {"epoch": now.epoch, "offset": offset}
        if wanted.recover is None:
            result["recoverable"] = now is not None
            return result | self._lastEvents(joined, heldFrames)
        if joined.missed is not None and room not in heldFrames.lost:
            if self._replay.take(joined.missed):
                return {**result, "recovered": True, "events": joined.missed}
            if self._several:
                raise PeerError(REPLAY_LATER, "What you missed is too much for this reply: ask again", retry=True)
        return {**result, "recovered": False, "events": [], **self._lastEvents(joined, heldFrames)}

    def _lastEvents(self, joined: Joined, heldFrames: HeldFrames) -> dict[str, Any]:
        """
        Give the room's last events, if the client asked for them: the newest that fit.
        """
        wanted, last = joined.wanted, joined.last
        if not wanted.history:
            return {}
        # If live frames were dropped, these are no longer the last events.
        sent = () if wanted.room in heldFrames.lost else self._replay.takeNewest(last[-wanted.history :])
        more = len(sent) < len(last) or (joined.now is not None and wanted.room in heldFrames.lost)
        return {"events": sent, "more": more}


def _removed() -> PeerError:
    return PeerError(ROOM_DENIED, "You were taken out of this room meanwhile")
