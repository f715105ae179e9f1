"""
The bytes that wait for a slow peer, in their order; frames that may be dropped are marked.

A piece is sent whole or not at all.
A piece that waits alone is never too much, however long it is: a peer isn't slow because it is sent something long.
"""

from collections import deque
from collections.abc import Callable

from ratchet_tx.wire.frames import Spare

#: How many bytes are taken at once, if there are so many.
PORTION = 65536


class Backlog:
    """
    The pieces that wait for one peer.

    @param limit: how many bytes may wait; 0 for any number
    @param spared: called with the mark of each piece that is dropped
    @ivar size: how many bytes wait
    @ivar underway: how many have been taken but count, too, because they aren't written yet
    """

    __slots__ = ("_limit", "_pieces", "_spared", "size", "underway")

    def __init__(self, limit: int, spared: Callable[[Spare], None]) -> None:
        self._limit = limit
        self._spared = spared
        self._pieces: deque[tuple[bytes, Spare | None]] = deque()
        self.size = self.underway = 0

    def add(self, data: bytes, spare: Spare | None = None) -> bool:
        """
        Add a piece after all others.

        @param spare: says how it may be dropped; None where it may not
        @return: whether the limit is kept, once what may be dropped has been
        """
        alone = not self.size and not self.underway
        if spare is not None and spare.latest:
            self._leaveOut(lambda waiting: waiting == spare)
        self._pieces.append((data, spare))
        self.size += len(data)
        if self._isFull():
            self._leaveOut(lambda waiting: waiting is not None and not waiting.latest)
        return alone or not self._isFull()

    def _isFull(self) -> bool:
        # More than the limit is underway only if that was one piece that waited alone: what comes after it has room, too.
        underway = self.underway if self.underway <= self._limit else 0
        return 0 < self._limit < self.size + underway

    def _leaveOut(self, isLeftOut: Callable[[Spare | None], bool]) -> None:
        kept: deque[tuple[bytes, Spare | None]] = deque()
        for data, spare in self._pieces:
            if isLeftOut(spare):
                assert spare is not None, "only what is spare is left out"
                self.size -= len(data)
                self._spared(spare)
            else:
                kept.append((data, spare))
        self._pieces = kept

    def take(self) -> bytes:
        """
        Take the first pieces, up to a portion; nothing where nothing waits.
        """
        pieces: list[bytes] = []
        size = 0
        while self._pieces and size < PORTION:
            data, _ = self._pieces.popleft()
            pieces.append(data)
            size += len(data)
        self.size -= size
        return b"".join(pieces)

    def clear(self) -> None:
        """
        Drop everything, and take any number of bytes from now on: the close has to be sent.
        """
        self._pieces.clear()
        self.size = self._limit = 0
