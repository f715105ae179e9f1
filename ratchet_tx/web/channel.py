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

#: How often it is looked at who is slow, in seconds.
LOOK_SECONDS = 1


@implementer(IHalfCloseableProtocol)
class Channel(http.HTTPChannel, Upgrading):
    """
    A connection to the site.  The heads of its later requests are read as the door reads the first: any of them may be for a
    WebSocket, as proxies send them that keep their connections.

    While a body is to come, or an answer waits for the peer to take it, the peer's pace is looked at.
    """

    site: Any

    # The reader has seen to the bounds.
    MAX_LENGTH = totalHeadersSize = maxHeaders = sys.maxsize

    #: Reads the next head; None from its end to the end of the answer.
    _reader: HeadReader | None = None

    _isRefused = False

    #: What twisted.web may find bad in the request that it reads; blank where nothing is known.
    _doubt = ""

    #: Whether a request is there as a whole, and its answer isn't.
    _isAnswering = False

    #: Whether the peer will send nothing more.
    _isHalfClosed = False

    #: Whether the connection is lost.
    _isLost = False

    #: Whether the transport has as much to send as it takes.
    _isFull = False

    #: How fast the peer is, while that is looked at; how much of a body it has sent since, and what it had taken then.
    _pace: Pace | None = None
    _done = 0
    _taken: Taken | None = None

    def connectionMade(self) -> None:
        super().connectionMade()
        self._expectHead()

    def _expectHead(self) -> None:
        self._reader = HeadReader(*self.site.headBounds)

    def dataReceived(self, data: bytes) -> None:
        """
        Take in what comes; where a head begins, so does its time.
        """
        if self._isRefused:
            return
        if self._reader is None:
            return self._give(data)
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
        Go on with a request whose head is there.
        """
        self.site.heads.stop(self)
        self._reader = None
        if head.isUpgrade and self.sockets is not None:
            return self._upgrade(self.sockets(self.transport.getPeer(), head, False), data)
        if self.visit is not None and self.visit.move(self.speaker(self.transport, head)):
            return self.refuse(503, self.visit.refused)
        if not head.line.isascii():
            # twisted.web lets some of them through, and fails on them.
            return self.refuse(400, "bytes in the request line that are no ASCII")
        self._doubt = explainFraming(head)
        if not self._isFull:
            self._mind()
        self._give(data)

    def _upgrade(self, socket: Any, data: bytes) -> None:
        self._leave()
        transport, self.transport = self.transport, None
        self.setTimeout(None)
        # We are its producer, which it would pause.
        transport.unregisterProducer()
        transport.resumeProducing()
        handOver(transport, socket, data)

    def _give(self, data: bytes) -> None:
        if not self._isAnswering:
            self._done += len(data)
        try:
            super().dataReceived(data)
        except Exception as error:
            # Whatever it is that twisted.web doesn't expect, it is the peer's doing: pages' own errors are caught before.
            self.refuse(400, self._doubt or f"twisted.web can't read the request: {type(error).__name__}")

    def _respondToBadRequestAndDisconnect(self) -> None:
        # twisted.web's, for what it finds bad by itself; it says so to nobody but the peer.
        self.refuse(400, self._doubt or "twisted.web can't read the request")

    def answering(self) -> None:
        """
        Hear that a request is there as a whole, or is refused.
        """
        self._isAnswering = True
        if not self._isFull:
            self._mindNoMore()

    def requestDone(self, request: Any) -> None:
        """
        Go on to the next request, but let others have their turn before: a chunk may be full of them.
        """
        self.site.clock.callLater(0, self._goOn, request)

    def _goOn(self, request: Any) -> None:
        # twisted.web keeps the request where the connection is lost, and would close that once more.
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
        Close a connection that was idle between two requests, or in one; there is nothing to say of it.
        """
        self.loseConnection()

    # The end

    def loseConnection(self) -> None:
        """
        Close the connection once what was written has been sent; who doesn't take it is dropped.

        Nothing happens where it is lost: Twisted's TLS fails where a lost connection is dropped.
        """
        if self._isLost:
            return
        self._taken = taken(self.transport)
        self.site.closing.begin(self)
        super().loseConnection()

    def readConnectionLost(self) -> None:
        """
        Hear that the peer sends nothing more: it may still wait for an answer, for as long as a close may take.
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
        Hear that we send nothing more, which was us.
        """

    def moved(self) -> bool:
        """
        Say whether a peer goes on to take what it was sent before it is closed (C{Leaver}).
        """
        self._pace = self._pace or Pace()
        count, now = self._take()
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
        self._mindNoMore()
        if self.visit is not None:
            self.visit.leave()

    # The peer's pace

    def _mind(self) -> None:
        self._pace, self._done, self._taken = Pace(), 0, taken(self.transport)
        self.site.slow.start(self)

    def _mindNoMore(self) -> None:
        self._pace = None
        self.site.slow.stop(self)

    def _take(self) -> tuple[int, Taken | None]:
        """
        Count what the peer has taken since this was asked before; where nobody knows, it is as if that were enough.
        """
        before, self._taken = self._taken, taken(self.transport)
        if before is None or self._taken is None:
            return LEAST_BYTES * LINGER_SECONDS, self._taken
        return self._taken.arrived - before.arrived, self._taken

    def look(self) -> None:
        """
        Look at a peer's pace, and part with one that is slower than C{LEAST_BYTES} a second.
        """
        if self._pace is None:
            return
        done, self._done = self._take()[0] if self._isFull else self._done, 0
        if self._pace.went(done, LOOK_SECONDS):
            self.site.slow.start(self)
        elif self._isFull:
            self.site.endedSlow(self)
            self.drop()
        else:
            self.refuse(408, "the body comes too slowly")

    def pauseProducing(self) -> None:
        """
        Hear that the transport is full: from now on it is looked at how fast the peer takes it.
        """
        super().pauseProducing()
        if not self._isFull:
            self._isFull = True
            self._mind()

    def resumeProducing(self) -> None:
        """
        Hear that the transport is empty.
        """
        self._isFull = False
        self._mindNoMore()
        super().resumeProducing()

    def late(self) -> None:
        """
        Hear that a head has had its time.
        """
        self.refuse(408, "the head took longer than headSeconds")

    def refuse(self, status: int, why: str) -> None:
        """
        Refuse a request, and close the connection.

        @param why: what only the log is told
        """
        if self._isRefused:
            return
        self._isRefused = True
        self._isAnswering = False
        self.site.heads.stop(self)
        self._mindNoMore()
        self.site.count(self, status, why)
        self.write(answer(status))
        self.site.closing.begin(self)
        # We are its producer, for which it would wait.
        transport: Any = self.transport
        transport.unregisterProducer()
        endAnswer(transport)
