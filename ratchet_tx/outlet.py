"""
The outlet: every byte to one peer goes through it, so that it is known how many wait because the peer doesn't read.

No Twisted transport can be asked for that.  It knows pieces of bytes that are not to be torn apart, and not what they are.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from ratchet_tx.spare import Spare

#: How many bytes the transport is given at once, of those that had to wait.
_PORTION = 65536


@implementer(IPushProducer)
class Outlet:
    """
    The way of bytes to one peer.

    The transport keeps up to 64 KiB by itself, and then says that it is enough: from there on pieces wait here, and are
    counted.

    @param transport: where the bytes go to; the outlet is its producer until it is closed
    @param limit: how many bytes may wait; 0 for any number
    @param overflow: called when there are more, and everything that waited has been dropped: it is to end the connection
    @param spared: called with each spare piece that is dropped
    @ivar queuedBytes: how many bytes wait
    """

    __slots__ = (
        "_closing",
        "_gone",
        "_limit",
        "_moved",
        "_overflow",
        "_paused",
        "_queue",
        "_spared",
        "_transport",
        "queuedBytes",
    )

    def __init__(self, transport: Any, limit: int, overflow: Callable[[], None], spared: Callable[[Spare], None]) -> None:
        self._transport = transport
        self._limit = limit
        self._overflow = overflow
        self._spared = spared
        self._queue: deque[tuple[bytes, Spare | None]] = deque()
        self._paused = False
        self._closing = self._gone = self._moved = False
        self.queuedBytes = 0
        transport.registerProducer(self, True)

    def write(self, data: bytes, spare: Spare | None = None) -> None:
        """
        Send a piece after all others.

        @param spare: what may be done with it while it waits, if it isn't needed
        """
        if not self._paused:
            self._transport.write(data)
        elif not self._gone:
            self._wait(data, spare)

    def _wait(self, data: bytes, spare: Spare | None) -> None:
        if spare is not None and spare.latest:
            self._drop(lambda waiting: waiting == spare)
        self._queue.append((data, spare))
        self.queuedBytes += len(data)
        if 0 < self._limit < self.queuedBytes:
            self._drop(lambda waiting: waiting is not None and not waiting.latest)
        if 0 < self._limit < self.queuedBytes:
            self.clear()
            self._overflow()

    def _drop(self, isDropped: Callable[[Spare | None], bool]) -> None:
        kept: deque[tuple[bytes, Spare | None]] = deque()
        for data, spare in self._queue:
            if isDropped(spare):
                assert spare is not None, "only what is spare is dropped"
                self.queuedBytes -= len(data)
                self._spared(spare)
            else:
                kept.append((data, spare))
        self._queue = kept

    def clear(self) -> None:
        """
        Drop everything that waits.
        """
        self._queue.clear()
        self.queuedBytes = 0

    def close(self) -> None:
        """
        Close the connection, as soon as nothing waits any more.
        """
        self._closing = True
        self._finish()

    def abort(self) -> None:
        """
        Drop the connection with whatever waits; nothing happens where it is gone.
        """
        self.clear()
        self._transport.abortConnection()

    def moved(self) -> bool:
        """
        Say whether the peer has read of what waited since this was asked before.
        """
        moved, self._moved = self._moved, False
        return moved

    def _finish(self) -> None:
        if self._closing and not self._queue:
            # The transport waits for its producer to be done before it closes.
            self._transport.unregisterProducer()
            self._transport.loseConnection()

    # IPushProducer; the transport may pause us again with each piece that it is given, and more than once.

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        self._moved = True
        while self._queue and not self._paused:
            self._transport.write(self._portion())
        self._finish()

    def _portion(self) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while self._queue and size < _PORTION:
            data, _ = self._queue.popleft()
            pieces.append(data)
            size += len(data)
        self.queuedBytes -= size
        return b"".join(pieces)

    def stopProducing(self) -> None:
        self.clear()
        self._paused = self._gone = True
