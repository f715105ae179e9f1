"""
The HTTP connections of a site: reads the heads of later requests, and closes peers that are too slow.
"""

import sys
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.python.failure import Failure
from twisted.web import http
from zope.interface import implementer

from ratchet_tx.transport.handshake.door import Upgrading, endAnswer, handOver
from ratchet_tx.transport.handshake.head import BadHead, Head, HeadReader, explainFraming
from ratchet_tx.transport.handshake.refusals import answer
from ratchet_tx.transport.sockets.acknowledged import Taken, taken
from ratchet_tx.transport.sockets.closing import LINGER_SECONDS
from ratchet_tx.transport.sockets.pace import LEAST_BYTES, Pace

#: How many seconds there are between two checks of a peer's pace.
PACE_SECONDS = 1


@implementer(IHalfCloseableProtocol)
class Channel(http.HTTPChannel, Upgrading):
    """
    An HTTP connection of the site.

    It reads the heads of later requests as the door reads the first one. Any of them may be a WebSocket handshake: proxies
    reuse their connections. While a peer sends a body, or takes a response, its pace is checked.
    """

    site: Any

    # The head's reader enforces these limits.
    MAX_LENGTH = totalHeadersSize = maxHeaders = sys.maxsize

    #: Reads the next head; None from its end to the end of the response.
    _reader: HeadReader | None = None

    _isRefused = False

    #: What is wrong with the head's framing, in case that twisted.web refuses the request; blank where nothing is.
    _framingFault = ""

    #: Whether a request has come as a whole, and its response hasn't been sent.
    _isAnswering = False

    #: Whether the peer has closed its side.
    _isHalfClosed = False

    #: Whether the connection is lost.
    _isLost = False

    #: Whether the transport's send buffer is full.
    _isFull = False

    #: The peer's pace, while it is checked; how many bytes of a body it has sent since the last check, and how many bytes of
    #: a response it had taken at the last check.
    _pace: Pace | None = None
    _received = 0
    _taken: Taken | None = None

    def connectionMade(self) -> None:
        super().connectionMade()
        self._expectHead()

    def _expectHead(self) -> None:
        self._reader = HeadReader(*self.site.headBounds)

    def dataReceived(self, data: bytes) -> None:
        """
        Read the next head, or pass data on to twisted.web; the first byte of a head starts its timeout.
        """
        if self._isRefused:
            return
        if self._reader is None:
            return self._passOn(data)
        if self not in self.site.heads:
            self.site.heads.start(self)
        try:
            head = self._reader.feed(data)
        except BadHead as bad:
            return self.refuse(bad.status, bad.why)
        if head is not None:
            self._begin(head, self._reader.take())

    def _begin(self, head: Head, data: bytes) -> None:
        """
        Begin a request whose head has been read.
        """
        self.site.heads.stop(self)
        self._reader = None
        if head.isUpgrade and self.sockets is not None:
            return self._upgrade(self.sockets(self.transport.getPeer(), head, False), data)
        if self.visit is not None and self.visit.move(self.speaker(self.transport, head)):
            return self.refuse(503, self.visit.refused)
        if not head.line.isascii():
            # twisted.web accepts some such lines, and fails later.
            return self.refuse(400, "bytes in the request line that are no ASCII")
        self._framingFault = explainFraming(head)
        if not self._isFull:
            self._watchPace()
        self._passOn(data)

    def _upgrade(self, socket: Any, data: bytes) -> None:
        self._leave()
        transport, self.transport = self.transport, None
        self.setTimeout(None)
        # This channel is registered as its producer, so it could pause us.
        transport.unregisterProducer()
        transport.resumeProducing()
        handOver(transport, socket, data)

    def _passOn(self, data: bytes) -> None:
        if not self._isAnswering:
            self._received += len(data)
        try:
            super().dataReceived(data)
        except Exception as error:
            # The peer caused it by something that twisted.web doesn't expect: errors of pages are caught before.
            self.refuse(400, self._framingFault or f"twisted.web can't read the request: {type(error).__name__}")

    def _respondToBadRequestAndDisconnect(self) -> None:
        # twisted.web calls this for a bad request; its own method doesn't log.
        self.refuse(400, self._framingFault or "twisted.web can't read the request")

    def requestIsWhole(self) -> None:
        """
        Note that a request has come as a whole, or is refused.
        """
        self._isAnswering = True
        if not self._isFull:
            self._stopWatching()

    def requestDone(self, request: Any) -> None:
        """
        Go on to the next request in the next turn of the reactor: one chunk may have many requests.
        """
        self.site.clock.callLater(0, self._nextRequest, request)

    def _nextRequest(self, request: Any) -> None:
        # After a lost connection twisted.web still has the request, and would close the connection again.
        if self._isLost or not self.requests:
            return
        self._isAnswering = False
        if self.persistent:
            self._expectHead()
        super().requestDone(request)
        if self._isHalfClosed and not self._isAnswering and self.transport is not None:
            self.loseConnection()

    def timeoutConnection(self) -> None:
        """
        Close a connection that was idle, between two requests or in one, without a log line.
        """
        self.loseConnection()

    # The end

    def loseConnection(self) -> None:
        """
        Close the connection once everything is sent; a peer that doesn't take it is dropped.

        Nothing happens if the connection is lost: Twisted's TLS would fail.
        """
        if self._isLost:
            return
        self._taken = taken(self.transport)
        self.site.closing.begin(self)
        super().loseConnection()

    def readConnectionLost(self) -> None:
        """
        Note that the peer has closed its side; it may still wait for a response, as long as a close may take.
        """
        if self._isHalfClosed:
            return
        self._isHalfClosed = True
        if self._isAnswering:
            self.site.closing.begin(self)
        else:
            self.loseConnection()

    def writeConnectionLost(self) -> None:
        """
        Do nothing: we closed our side ourselves.
        """

    def moved(self) -> bool:
        """
        Say whether the peer still takes what was sent (L{Leaver<ratchet_tx.transport.sockets.closing.Leaver>}).
        """
        self._pace = self._pace or Pace()
        count, now = self._takenSince()
        return now is not None and now.waiting > 0 and self._pace.went(count, LINGER_SECONDS)

    def drop(self) -> None:
        """
        End the connection at once (L{Leaver<ratchet_tx.transport.sockets.closing.Leaver>}).
        """
        transport: Any = self.transport
        transport.abortConnection()

    def connectionLost(self, reason: Failure) -> None:
        self._isLost = True
        self._leave()
        super().connectionLost(reason)

    def _leave(self) -> None:
        self.site.heads.stop(self)
        self.site.closing.ended(self)
        self._stopWatching()
        if self.visit is not None:
            self.visit.leave()

    # The peer's pace

    def _watchPace(self) -> None:
        self._pace, self._received, self._taken = Pace(), 0, taken(self.transport)
        self.site.slow.start(self)

    def _stopWatching(self) -> None:
        self._pace = None
        self.site.slow.stop(self)

    def _takenSince(self) -> tuple[int, Taken | None]:
        """
        Count the bytes that the peer has taken since the last call; where that is unknown, give a number that is enough.
        """
        before, self._taken = self._taken, taken(self.transport)
        if before is None or self._taken is None:
            return LEAST_BYTES * LINGER_SECONDS, self._taken
        return self._taken.arrived - before.arrived, self._taken

    def checkPace(self) -> None:
        """
        Check the peer's pace, and end the connection if it is slower than C{LEAST_BYTES} a second.
        """
        if self._pace is None:
            return
        count, self._received = self._takenSince()[0] if self._isFull else self._received, 0
        if self._pace.went(count, PACE_SECONDS):
            self.site.slow.start(self)
        elif self._isFull:
            self.site.endedSlow(self)
            self.drop()
        else:
            self.refuse(408, "the body comes too slowly")

    def pauseProducing(self) -> None:
        """
        Note that the send buffer is full: from now on the peer's pace is checked.
        """
        super().pauseProducing()
        if not self._isFull:
            self._isFull = True
            self._watchPace()

    def resumeProducing(self) -> None:
        """
        Note that the send buffer is empty.
        """
        self._isFull = False
        self._stopWatching()
        super().resumeProducing()

    def headTimeout(self) -> None:
        """
        Refuse a request whose head took longer than C{headSeconds}.
        """
        self.refuse(408, "the head took longer than headSeconds")

    def refuse(self, status: int, why: str) -> None:
        """
        Refuse a request, and close the connection.

        @param why: the reason, for the log only
        """
        if self._isRefused:
            return
        self._isRefused = True
        self._isAnswering = False
        self.site.heads.stop(self)
        self._stopWatching()
        self.site.count(self, status, why)
        self.write(answer(status))
        self.site.closing.begin(self)
        # This channel is registered as its producer, and the transport would wait for it.
        transport: Any = self.transport
        transport.unregisterProducer()
        endAnswer(transport)
