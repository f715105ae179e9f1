"""
Reads a peer's bytes and makes whole messages of them; Autobahn reads all but small whole texts.

This is one object with the protocol, so that a message takes no step between them.
"""

from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Server
from twisted.python.failure import Failure

from ratchet_tx.transport.autobahn import LeanProtocol, unmaskLong
from ratchet_tx.transport.keepalive import Liveness
from ratchet_tx.transport.port import Port
from ratchet_tx.wire.frames import LONGEST_CONTROL, closeAtEnd, takeText

#: How many frames of one peer are read in a turn of the reactor; the others wait for the next turn.
_SHARE = range(32)

#: Up to how many bytes a chunk is read at once, even if the turn has taken long.
_SHORT_CHUNK = 8192

#: Autobahn's states. A class's attribute is looked up anew for each message, through all its bases; a module's name isn't.
OPEN, CLOSING, CLOSED = LeanProtocol.STATE_OPEN, LeanProtocol.STATE_CLOSING, LeanProtocol.STATE_CLOSED


def isPlain(transport: Any) -> bool:
    """
    Say whether a transport is TCP and nothing else, whose socket may be read and written past it.
    """
    return type(transport) is Server


class Receiver(LeanProtocol):
    """
    The protocol of one peer, as far as it reads.

    @ivar compresses: whether the peer and we have agreed to compress
    @ivar liveness: as L{Keepalive} knows the peer
    """

    factory: Port

    compresses = False

    #: The poller's number for the transport; None where the reactor reads it.
    _held: int | None = None

    #: Whether the next byte begins a message, and the fast path may look at it.
    _between = False

    #: Whether the connection has paused reading.
    _readingPaused = False

    #: Whether the transport is read from, and whether that was paused since L{wasPaused} was called.
    _isRead = True
    _wasPaused = False

    #: The bytes that wait for a later turn; None where none do.
    _left: bytes | None = None

    #: The last bytes that came after our own close.
    _tail = b""

    _lost = False

    def connectionMade(self) -> None:
        self.liveness = Liveness()
        super().connectionMade()

    def beginReading(self) -> None:
        """
        Read frames from now on, for the handshake is over.
        """
        if self.factory.poller is not None and isPlain(self.transport):
            self._held = self.factory.poller.hold(self.transport)
        self._between = self.factory.takesTexts and not self.compresses

    def dataReceived(self, data: bytes) -> None:
        if self.liveness.isAsked:
            # Any byte is as good as the pong, which may come long after it.
            self.factory.keepalive.heard(self)
        if self._between:
            data = self._takeTexts(data)
        if data:
            self._takeFrames(data)

    def _takeTexts(self, data: bytes) -> bytes:
        """
        Take plain texts, which nearly all messages are, without Autobahn: the fast path.

        @return: the rest, from the first frame that isn't one
        """
        taken, size, limit = 0, len(data), self.factory.longestText
        if size > _SHORT_CHUNK and self.factory.turns.isOver():
            return data
        for _ in _SHARE:
            if taken >= size or self.state != OPEN:
                break
            found = takeText(data, taken, limit, unmaskLong)
            if found is None:
                break
            text, taken = found
            self.onMessage(text, False)
        else:
            if taken < size:
                self._postpone(data[taken:])
            return b""
        return data[taken:]

    def _takeFrames(self, data: bytes) -> None:
        """
        Take frames of any kind, as many as one turn may; the rest waits for later turns.
        """
        if self.state in (CLOSING, CLOSED):
            return self._takeLast(data)
        if self._left is not None:
            # TLS may give bytes that it had before its reading was paused.
            self._left += data
        elif rest := self._takeShare(data):
            self._postpone(rest)

    def _takeShare(self, data: bytes) -> bytes:
        """
        Take as many frames as one turn may.

        @return: the rest
        """
        taken, size = 0, len(data)
        if size > _SHORT_CHUNK and self.factory.turns.isOver():
            return data
        for _ in _SHARE:
            if taken >= size or self._readingPaused:
                break
            if self.state in (CLOSING, CLOSED):
                self._takeLast(data[taken:])
                return b""
            taken = self._takeFrame(data, taken)
        return data[taken:]

    def _takeFrame(self, data: bytes, start: int) -> int:
        """
        Take one frame, or the part of it that is there.  Autobahn reads all but plain texts.

        It is given no more than that, because for each frame it copies all that follows.

        @return: where the next frame begins
        """
        if self._between:
            found = takeText(data, start, self.factory.longestText, unmaskLong)
            if found is not None:
                self.onMessage(found[0], False)
                return found[1]
        end = min(start + self.missing(data, start), len(data))
        self._dataReceived(data[start:end])
        self._between = self._isBetween()
        return end

    def _isBetween(self) -> bool:
        """
        Say whether the next byte begins a message that the fast path may look at.
        """
        return (
            self.factory.takesTexts
            and not self.compresses
            and not self.data
            and self.current_frame is None
            and not self.inside_message
            and self.state == OPEN
        )

    # What comes after our own close

    def awaitClose(self) -> None:
        """
        Wait for the peer's close, after ours was sent: read on, even if reading was paused, and drop everything else.
        """
        self._readingPaused = False
        if self._left is not None:
            self._left = self._left[-LONGEST_CONTROL:]
            self.factory.turns.wait(self)
        else:
            self._startReading()

    def _takeLast(self, data: bytes) -> None:
        """
        Drop what comes after our own close, except the peer's close, which ends the connection.
        """
        if self.state != CLOSING:
            return
        self._tail = (self._tail + data[-LONGEST_CONTROL:])[-LONGEST_CONTROL:]
        close = closeAtEnd(self._tail)
        if close is not None:
            # Autobahn may have a part of another frame.
            self.data, self.current_frame = b"", None
            self._dataReceived(close)

    # Bytes that wait for later turns

    def _postpone(self, rest: bytes) -> None:
        """
        Keep the rest of a chunk for later turns, and pause reading until then.
        """
        self._left = rest
        self._between = False
        self._stopReading()
        if not self._readingPaused:
            self.factory.turns.wait(self)

    def goOn(self) -> None:
        """
        Take some more frames, in a later turn (L{Reading<ratchet_tx.transport.sockets.turns.Reading>}).
        """
        left, self._left = self._left, None
        if left is None or self._lost:
            return
        if self.state != OPEN:
            self._takeLast(left)
        else:
            self._between = self._isBetween()
            rest = self._takeShare(left)
            if rest and self.state == OPEN:
                return self._postpone(rest)
        if not self._readingPaused:
            self._startReading()

    # Whether the transport is read from

    def pauseReading(self) -> None:
        # After our close we wait for the peer's.
        if self.state == OPEN:
            self._readingPaused = True
            self._stopReading()

    def resumeReading(self) -> None:
        self._readingPaused = False
        if self._left is None:
            self._startReading()
        else:
            self.factory.turns.wait(self)

    def wasPaused(self) -> bool:
        """
        Say whether the transport wasn't read from, at any time since this was asked before.
        """
        was, self._wasPaused = self._wasPaused, not self._isRead
        return was

    def _stopReading(self) -> None:
        if not self._isRead:
            return
        self._isRead = False
        self._wasPaused = True
        if self._held is None:
            self.transport.pauseProducing()
        elif self.factory.poller is not None:
            self.factory.poller.release(self._held, self.transport)

    def _startReading(self) -> None:
        if self._isRead or self._lost:
            return
        self._isRead = True
        if self._held is None:
            self.transport.resumeProducing()
        elif self.transport.connected and self.factory.poller is not None:
            self._held = self.factory.poller.hold(self.transport)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lost = True
        if self._held is not None and self.factory.poller is not None:
            self.factory.poller.release(self._held, self.transport)
        self.factory.turns.forget(self)
        self._left = None
        super().connectionLost(reason)
