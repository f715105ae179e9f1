"""
Counts how many bytes of replayed events still fit into one reply.
"""

from collections.abc import Sequence

from ratchet_tx.backplane.historyevents import LEAST_BYTES, HistoryEvent, sizeOf


def roomFor(queueBytes: int, waiting: int) -> int:
    """
    Say how many bytes of the past may be sent to a peer.

    Behind others it leaves a quarter of the queue to what is sent before the peer has read it: with a full queue the next
    reply, or the next event, would close the peer for what it had asked for.

    @param queueBytes: how many bytes may wait for the peer
    @param waiting: how many wait already
    """
    return queueBytes - queueBytes // 4 - waiting if waiting else queueBytes


class Replay:
    """
    What one reply tells of the past.

    @param roomBytes: how many bytes of each room; 0 for any number
    @param queueBytes: how many bytes may wait for the peer; 0 for any number
    """

    def __init__(self, roomBytes: int, queueBytes: int) -> None:
        self._roomBytes = roomBytes
        self._queueBytes = queueBytes
        self._left: int | None = None

    def mostEvents(self, kept: int) -> int:
        """
        Say how many events of a room are worth reading: one more than a reply could have, by which it has too many.

        So who comes back to a room that keeps very much, and has missed it all, costs no more than what could be sent.

        @param kept: how many the room keeps at most
        """
        limits = [limit // LEAST_BYTES + 1 for limit in (self._roomBytes, self._queueBytes) if limit]
        return min([kept, *limits])

    def begin(self, waiting: int) -> None:
        """
        Begin to fill the reply.

        @param waiting: how many bytes wait for the peer already
        """
        if self._queueBytes:
            self._left = roomFor(self._queueBytes, waiting)

    def couldHave(self, events: Sequence[HistoryEvent]) -> bool:
        """
        Say whether a reply with nothing else in it, to a peer for whom nothing waits, could have some events.
        """
        size = sizeOf(events)
        return not (0 < self._roomBytes < size or 0 < self._queueBytes < size)

    def take(self, events: Sequence[HistoryEvent]) -> bool:
        """
        Take some events in, all of them or none.

        @return: whether there was room for them
        """
        return self._take(sizeOf(events))

    def takeNewest(self, events: Sequence[HistoryEvent]) -> Sequence[HistoryEvent]:
        """
        Take in those of a room's last events that there is room for, the newest first.

        @return: these, the oldest first
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
