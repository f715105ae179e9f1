"""
Counts how many bytes of replayed events still fit into one reply.
"""

from collections.abc import Sequence

from ratchet_tx.backplane.historyevents import LEAST_BYTES, HistoryEvent, sizeOf


def bytesFor(queueBytes: int, waiting: int) -> int:
    """
    Count how many bytes of replayed events may be sent to a peer.

    If something is queued already, a quarter of the queue stays free: with a full queue the next reply or event would close
    the connection, because of events that the peer asked for.

    @param queueBytes: how many bytes may be queued for the peer
    @param waiting: how many are queued already
    """
    return queueBytes - queueBytes // 4 - waiting if waiting else queueBytes


class Replay:
    """
    The replayed events of one reply.

    @param roomBytes: how many bytes each room may have; 0 for any number
    @param queueBytes: how many bytes may be queued for the peer; 0 for any number
    """

    def __init__(self, roomBytes: int, queueBytes: int) -> None:
        self._roomBytes = roomBytes
        self._queueBytes = queueBytes
        self._left: int | None = None

    def mostEvents(self, kept: int) -> int:
        """
        Count how many events of a room to read: one more than a reply can have, to know whether there are too many.

        So a client that missed all of a long history costs no more than the events that can be sent.

        @param kept: how many events the room keeps at most
        """
        limits = [limit // LEAST_BYTES + 1 for limit in (self._roomBytes, self._queueBytes) if limit]
        return min([kept, *limits])

    def begin(self, waiting: int) -> None:
        """
        Begin to fill the reply.

        @param waiting: how many bytes are queued for the peer already
        """
        if self._queueBytes:
            self._left = bytesFor(self._queueBytes, waiting)

    def fitsAlone(self, events: Sequence[HistoryEvent]) -> bool:
        """
        Say whether some events fit into a reply of their own, to a peer whose queue is empty.
        """
        size = sizeOf(events)
        return not (0 < self._roomBytes < size or 0 < self._queueBytes < size)

    def take(self, events: Sequence[HistoryEvent]) -> bool:
        """
        Add some events to the reply, all or none.

        @return: whether they fit
        """
        return self._take(sizeOf(events))

    def takeNewest(self, events: Sequence[HistoryEvent]) -> Sequence[HistoryEvent]:
        """
        Add as many of a room's last events as fit, beginning with the newest.

        @return: the added events, the oldest first
        """
        size = 0
        for count, event in enumerate(reversed(events)):
            if 0 < self._roomBytes < size + event.size or not self._take(event.size):
                return events[len(events) - count :]
            size += event.size
        return events

    def _take(self, size: int) -> bool:
        if self._left is not None:
            if size > self._left:
                return False
            self._left -= size
        return True
