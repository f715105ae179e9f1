"""
The bytes that wait for a slow peer, in their order; frames that may be dropped are marked.

Pieces are never torn apart, and of those that are spare some may be left out.
A piece for which nothing else waits is never too much, however long: a peer isn't slow because it is sent something long.
"""

from collections import deque
from collections.abc import Callable

from ratchet_tx.wire.frames import Spare

#: How many bytes are taken at once, if there are so many.
PORTION = 65536


class Backlog:
    """
    What waits for one peer.

    @param limit: how many bytes may wait; 0 for any number
    @param spared: called with each spare piece that is left out
    @ivar size: how many bytes wait
    @ivar underway: how many have been taken and count all the same, because they aren't written yet
    """

    __slots__ = ("_limit", "_pieces", "_spared", "size", "underway")

    def __init__(self, limit: int, spared: Callable[[Spare], None]) -> None:
        self._limit = limit
        self._spared = spared
        self._pieces: deque[tuple[bytes, Spare | None]] = deque()
        self.size = self.underway = 0

    def add(self, data: bytes, spare: Spare | None = None) -> bool:
        """
        Let a piece wait after all others.

        @param spare: what may be done with it while it waits, if it isn't needed
        @return: whether no more waits than may, once what is spare has been left out
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
        # More than the limit is underway only where that was one piece, which was alone: what comes after it has room, too.
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
        Take the first pieces, as many as make a portion; nothing where nothing waits.
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
        Drop everything; whatever comes after that may wait, for it is to say why.
        """
        self._pieces.clear()
        self.size = self._limit = 0
