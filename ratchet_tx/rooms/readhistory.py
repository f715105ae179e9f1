"""
Reads pages of a room's history for peers that may see it.
"""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from ratchet_tx.backplane.historyevents import HistoryEvent, sizeOf
from ratchet_tx.connections.answers import Answers, requireClient
from ratchet_tx.connections.connection import Connection
from ratchet_tx.connections.holdback import Hold
from ratchet_tx.errors import PeerError
from ratchet_tx.rooms.access import Access, Permission
from ratchet_tx.rooms.replay import roomFor
from ratchet_tx.rooms.requests import PAGE, Page
from ratchet_tx.settings import Limits
from ratchet_tx.wire.errorcodes import ROOM_DENIED
from ratchet_tx.wire.payload import Payload, convertData


class ReadHistory:
    """
    The reading of histories on one node.

    @param access: says who may read, and reads
    @param answers: reply
    @param limits: of which C{replayBytes} and C{sendQueueBytes} say how much a page has
    """

    def __init__(self, access: Access, answers: Answers, limits: Limits) -> None:
        self._access = access
        self._answers = answers
        self._limits = limits

    def read(self, connection: Connection, payload: Payload) -> Deferred[Any] | None:
        """
        C{socket.history}: tell what was published to a room, to who is in it, or might be.
        """
        requireClient(connection)
        return Deferred.fromCoroutine(self._tell(connection, payload, convertData(payload, Page).data))

    async def _tell(self, connection: Connection, payload: Payload, page: Page) -> None:
        try:
            result = await self._pageFor(connection, page)
        except PeerError as refusal:
            if not connection.closing:
                self._answers.refuse(connection, payload.event, payload.id, refusal)
        else:
            if not connection.closing:
                self._answers.reply(connection, payload, result)

    async def _pageFor(self, connection: Connection, page: Page) -> dict[str, Any]:
        # No frame waits in it: it knows whether the client is taken out of the room while others are asked.
        hold = Hold((page.room,), 0)
        connection.holdBack(hold)
        try:
            found = await self._found(self._access.of(connection), page)
        finally:
            connection.holdBack(None)
        if page.room not in hold.rooms:
            raise PeerError(ROOM_DENIED, "You were taken out of this room meanwhile")
        return found

    async def _found(self, permission: Permission, page: Page) -> dict[str, Any]:
        room, connection = page.room, permission.connection
        if not connection.isIn(room):
            await permission.toEnter(room)
        keep = permission.keep(room)
        if keep is None:
            return {"room": room, "events": [], "more": False}
        limit = min(page.limit, PAGE)
        epoch, offset, events = await permission.past(room, page.since, limit, keep)
        given = _within(events, self._roomFor(connection))
        more = bool(given) and given[-1].offset < offset
        return {"room": room, "epoch": epoch, "offset": offset, "events": given, "more": more}

    def _roomFor(self, connection: Connection) -> int:
        """
        Say how many bytes a page may have: no more than may still wait for the peer; 0 for any number.
        """
        limits = self._limits
        if not limits.sendQueueBytes:
            return limits.replayBytes
        left = max(1, roomFor(limits.sendQueueBytes, connection.transport.queuedBytes))
        return min(limits.replayBytes or left, left)


def _within(events: Sequence[HistoryEvent], limit: int) -> Sequence[HistoryEvent]:
    """
    Take as many events as are within a limit of bytes, and one in any case, so that whoever goes from page to page gets on.
    """
    size = 0
    for count, event in enumerate(events):
        size += sizeOf((event,))
        if 0 < limit < size and count:
            return events[:count]
    return events
