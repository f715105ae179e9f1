"""
Reads pages of a room's history for clients that may be in the room.
"""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from ratchet_tx.backplane.historyevents import HistoryEvent, sizeOf
from ratchet_tx.connections.answers import Answers, requireClient
from ratchet_tx.connections.connection import Connection
from ratchet_tx.connections.holdback import HeldFrames
from ratchet_tx.errors import PeerError
from ratchet_tx.rooms.access import Access, Permission
from ratchet_tx.rooms.replay import bytesFor
from ratchet_tx.rooms.requests import PAGE, Page
from ratchet_tx.settings import Limits
from ratchet_tx.wire.errorcodes import ROOM_DENIED
from ratchet_tx.wire.payload import Payload, convertData


class ReadHistory:
    """
    Answers the C{socket.history} events of one node.

    @param access: decides who may read, and reads the history
    @param answers: sends the reply
    @param limits: C{replayBytes} and C{sendQueueBytes} limit the bytes of a page
    """

    def __init__(self, access: Access, answers: Answers, limits: Limits) -> None:
        self._access = access
        self._answers = answers
        self._limits = limits

    def read(self, connection: Connection, payload: Payload) -> Deferred[Any] | None:
        """
        C{socket.history}: reply with a page of a room's history, if the client is in the room or may join it.
        """
        requireClient(connection)
        return Deferred.fromCoroutine(self._answer(connection, payload, convertData(payload, Page).data))

    async def _answer(self, connection: Connection, payload: Payload, page: Page) -> None:
        try:
            result = await self._checkedPage(connection, page)
        except PeerError as refusal:
            if not connection.closing:
                self._answers.refuse(connection, payload.event, payload.id, refusal)
        else:
            if not connection.closing:
                self._answers.reply(connection, payload, result)

    async def _checkedPage(self, connection: Connection, page: Page) -> dict[str, Any]:
        # No frames are buffered: this only notes whether the client is removed from the room meanwhile.
        heldFrames = HeldFrames((page.room,), 0)
        connection.holdBack(heldFrames)
        try:
            result = await self._readPage(self._access.forClient(connection), page)
        finally:
            connection.holdBack(None)
        if page.room not in heldFrames.rooms:
            raise PeerError(ROOM_DENIED, "You were taken out of this room meanwhile")
        return result

    async def _readPage(self, permission: Permission, page: Page) -> dict[str, Any]:
        room, connection = page.room, permission.connection
        if not connection.isIn(room):
            await permission.requireMayJoin(room)
        keep = permission.keep(room)
        if keep is None:
            return {"room": room, "events": [], "more": False}
        limit = min(page.limit, PAGE)
        epoch, offset, events = await permission.readHistory(room, page.since, limit, keep)
        sent = _firstWithin(self._maxBytes(connection), events)
        more = bool(sent) and sent[-1].offset < offset
        return {"room": room, "epoch": epoch, "offset": offset, "events": sent, "more": more}

    def _maxBytes(self, connection: Connection) -> int:
        """
        Count how many bytes a page may have, so that it fits into the send queue; 0 for any number.
        """
        limits = self._limits
        if not limits.sendQueueBytes:
            return limits.replayBytes
        left = max(1, bytesFor(limits.sendQueueBytes, connection.transport.queuedBytes))
        return min(limits.replayBytes or left, left)


def _firstWithin(limit: int, events: Sequence[HistoryEvent]) -> Sequence[HistoryEvent]:
    """
    Take the first events within a limit of bytes, and at least one, so that a client that reads page after page gets on.
    """
    size = 0
    for count, event in enumerate(events):
        size += sizeOf((event,))
        if 0 < limit < size and count:
            return events[:count]
    return events
