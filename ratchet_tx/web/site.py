"""
The web site of a port: its log, the bounds of bodies, and the heads of later requests.

By itself twisted.web takes in whatever is sent, of any length, before it asks a page, and a head may take for ever, if only
something of it comes once a minute.
"""

import sys
from secrets import token_hex
from traceback import format_exception
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http, server
from zope.interface import implementer

from ratchet_tx.deferreds.clock import onTheWall
from ratchet_tx.deferreds.timeouts import Patience, Timeouts
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.peerlog import PeerLog
from ratchet_tx.monitoring.printable import printable
from ratchet_tx.settings import Limits
from ratchet_tx.transport.handshake import alpn
from ratchet_tx.transport.handshake.door import COME_AGAIN, Upgrading, addressOf, endAnswer, handOver, logRefusal, refusal
from ratchet_tx.transport.handshake.head import BadHead, Head, HeadReader, explainFraming, takeApart
from ratchet_tx.transport.sockets.acknowledged import Taken, taken
from ratchet_tx.transport.sockets.closing import LINGER_SECONDS, Closing
from ratchet_tx.transport.sockets.pace import LEAST_BYTES, Pace
from ratchet_tx.web.asker import askerOf
from ratchet_tx.web.forms import BadForm, readForm, readQuery

#: How long a request's body may be: more than any form has, and less than hurts; uploads have to be asked for.
BODY_BYTES = 1 << 20

#: How often it is looked at who is slow, in seconds.
_LOOK_SECONDS = 1

#: How many of the last frames of a page's traceback are logged, and how much of what a peer named: a recursion has 1,000.
_FRAMES = 20
_NAMED = 200
_log = Logger()


@implementer(IHalfCloseableProtocol)
class Channel(http.HTTPChannel, Upgrading):
    """
    A connection to the site.  The heads of its later requests are read as the door reads the first: any of them may be for a
    WebSocket, as proxies send them that keep their connections.

    While a body is to come, or an answer waits for the peer to take it, the peer's pace is looked at.
    """

    site: "Site"

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
            return self.refuse(bad.status, bad.reason, why=bad.why)
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
            return self.refuse(503, "Service Unavailable", COME_AGAIN, self.visit.refused)
        if not head.line.isascii():
            # twisted.web lets some of them through, and fails on them.
            return self.refuse(400, "Bad Request", why="bytes in the request line that are no ASCII")
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
            self.refuse(400, "Bad Request", why=self._doubt or f"twisted.web can't read the request: {type(error).__name__}")

    def _respondToBadRequestAndDisconnect(self) -> None:
        # twisted.web's, for what it finds bad by itself; it says so to nobody but the peer.
        self.refuse(400, "Bad Request", why=self._doubt or "twisted.web can't read the request")

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
        if self._pace.went(done, _LOOK_SECONDS):
            self.site.slow.start(self)
        elif self._isFull:
            self.site.endedSlow(self)
            self.drop()
        else:
            self.refuse(408, "Request Timeout", why="the body comes too slowly")

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
        self.refuse(408, "Request Timeout", why="the head took longer than headSeconds")

    def refuse(self, status: int, reason: str, headers: str = "Connection: close", why: str = "") -> None:
        """
        Refuse a request, and part with who sent it.

        @param headers: what is said besides
        @param why: what only the log is told
        """
        if self._isRefused:
            return
        self._isRefused = True
        self._isAnswering = False
        self.site.heads.stop(self)
        self._mindNoMore()
        self.site.count(self, status, why)
        self.write(refusal(status, reason, headers))
        self.site.closing.begin(self)
        # We are its producer, for which it would wait.
        transport: Any = self.transport
        transport.unregisterProducer()
        endAnswer(transport)


class Request(server.Request):
    """
    A request whose body has a greatest length, and whose form has as many fields as forms have.
    """

    channel: Any

    _length = 0
    _refused = False

    def gotLength(self, length: int | None) -> None:
        """
        Look at the length that the body is said to have; None where it comes in chunks.
        """
        if self.channel.site.bodyBytes and length is not None and length > self.channel.site.bodyBytes:
            return self._refuse()
        super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        """
        Take in a piece of the body.
        """
        self._length += len(data)
        if not self._refused and 0 < self.channel.site.bodyBytes < self._length:
            self._refuse()
        if not self._refused:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """
        Bring the request to its page, now that its body is there.
        """
        if self._refused:
            return self.channel.loseConnection()  # type: ignore[no-any-return]
        self.channel.answering()
        # What twisted.web does here, but for its reading of forms, which takes as long as a peer wants.
        self.method, self.uri, self.clientproto = command, path, version
        try:
            target, host = takeApart(path)
            if host is not None:
                self.requestHeaders.setRawHeaders(b"host", [host])
            self.path, _, query = target.partition(b"?")
            self.args = readQuery(query)
            if command == b"POST" and self.channel.site.takesForms:
                self.content.seek(0)
                self.args |= readForm(self.getHeader(b"content-type") or b"", self.content.read())
        except (BadHead, BadForm) as bad:
            return self.channel.refuse(400, "Bad Request", why=getattr(bad, "why", bad))  # type: ignore[no-any-return]
        self.content.seek(0)
        self.process()

    def processingFailed(self, reason: Failure) -> Failure:
        """
        Answer 500, because a page raised something: with a reference, by which the log has the rest.
        """
        ref = token_hex(4)
        last = "".join(format_exception(reason.type, reason.value, reason.getTracebackObject(), limit=-_FRAMES))
        self.channel.site.peerLog.failure(
            _log,
            addressOf(self.channel),
            'A page failed: ref={ref} method="{method}" path="{path}"',
            reason,
            last,
            ref=ref,
            method=printable(self.method, _NAMED),
            path=printable(self.path, _NAMED),
        )
        if self.startedWriting:
            # There is no other way left to tell the peer.
            self.channel.transport.abortConnection()
            return reason
        body = f"Internal Server Error (ref {ref})\n".encode()
        self.setResponseCode(500)
        self.setHeader(b"content-type", b"text/plain; charset=utf-8")
        self.setHeader(b"content-length", b"%d" % len(body))
        self.write(b"" if self.method == b"HEAD" else body)
        self.finish()
        return reason

    def _refuse(self) -> None:
        self._refused = True
        site = self.channel.site
        site.count(self.channel, 413, "the body is too long")
        # Else it would be told to go on.
        self.requestHeaders.removeHeader(b"expect")
        head = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n"
        self.channel.write(head % (site.tooLongHeaders, len(site.tooLong)) + site.tooLong)
        self.channel.answering()
        site.closing.begin(self.channel)


class Site(server.Site):
    """
    The site.

    @param pages: its root, a resource
    @param bodyBytes: how long a request's body may be; 0 for any length
    @param limits: how long, how large and how slow a head may be
    @param counters: where refusals are counted, by their status
    @param clock: for the time that takes, an L{IReactorTime} that doesn't step; the log shows the time of day
    @param takesForms: whether pages find the fields of a form in C{request.args}
    @param log: where requests and refusals are logged; by default one of its own, with the limit's room
    @param others: for twisted.web's
    @cvar tooLong: what somebody is told besides whose body is too long
    @cvar tooLongHeaders: the headers of that, each with the end of its line
    """

    protocol = Channel
    noisy = False
    tooLong = tooLongHeaders = b""

    #: How many proxies are trusted (C{--trust-forwarded}).
    trustForwarded = 0

    def __init__(
        self,
        pages: Any,
        bodyBytes: int,
        limits: Limits,
        counters: Counters,
        clock: IReactorTime,
        takesForms: bool = True,
        log: PeerLog | None = None,
        **others: Any,
    ) -> None:
        super().__init__(pages, Request, logFormatter=self._formatAccess, reactor=onTheWall(clock), **others)
        self.peerLog = PeerLog(lambda: clock, counters, limits.logBytesPerMinute) if log is None else log
        self.bodyBytes = bodyBytes
        self.takesForms = takesForms
        patience = Patience(lambda: clock)
        self.heads: Timeouts[Channel] = Timeouts(limits.headSeconds, patience, Channel.late)
        self.slow: Timeouts[Channel] = Timeouts(_LOOK_SECONDS, patience, Channel.look)
        self.closing = Closing(patience)
        self.headBounds = (limits.headBytes, limits.headCount)
        self.clock = clock
        self._counters = counters

    def acceptableProtocols(self) -> list[bytes]:
        """
        Name what is spoken here over TLS: twisted.web's site offers HTTP/2 where that is installed, which L{Channel} doesn't
        speak.
        """
        return alpn.acceptableProtocols()

    def count(self, channel: Any, status: int, why: str) -> None:
        """
        Count a request that is refused, and log it.
        """
        self._counters.refused[f"http.{status}"] += 1
        logRefusal(self.peerLog, addressOf(channel), status, why)

    def endedSlow(self, channel: Any) -> None:
        """
        Count a connection that is ended because the peer takes an answer too slowly, and log it.
        """
        self._counters.refused["http.slow"] += 1
        self.peerLog.info(_log, addressOf(channel), "Ended an answer that is taken too slowly: address={address}")

    def log(self, request: Any) -> None:
        """
        Log a request, if the log has room for it.
        """
        if self.peerLog.admits(askerOf(request, self.trustForwarded).address, self._formatAccess("", request)):
            super().log(request)

    def _formatAccess(self, timestamp: str, request: Any) -> str:
        """
        Log a request as the combined format of web servers does, but for its query, which may hold secrets; with the
        address that a trusted proxy tells.
        """
        path = printable(request.uri.partition(b"?")[0], _NAMED)
        address = askerOf(request, self.trustForwarded).address
        return f'{address} - - {timestamp} "{printable(request.method)} {path}" {request.code} {request.sentLength or "-"}'
