"""
The web site of a port: its log, how much of a request's body it takes in, and the heads of those requests that follow the
first; what its pages are it doesn't know.

By itself twisted.web takes in whatever is sent, of any length, before it asks a page, and a head may take for ever, if only
something of it comes once a minute.
"""

import sys
from secrets import token_hex
from traceback import format_exception
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http, server

from ratchet_tx import alpn
from ratchet_tx.clock import onTheWall
from ratchet_tx.counters import Counters
from ratchet_tx.door import Upgrading, addressOf, handOver, logRefusal, refusal
from ratchet_tx.head import BadHead, Head, HeadReader
from ratchet_tx.printable import printable
from ratchet_tx.settings import Limits
from ratchet_tx.timeouts import Patience, Timeouts
from ratchet_tx.web.asker import askerOf
from ratchet_tx.web.forms import BadForm, readForm, readQuery

#: How long a request's body may be: more than any form has, and less than hurts; uploads have to be asked for.
BODY_BYTES = 1 << 20

#: How long somebody whose body was refused may go on sending it: closed at once, many a client would never read why.
LINGER_SECONDS = 3

#: How many of the last frames of a page's traceback are logged, and how much of what a peer named: a recursion has 1,000.
_FRAMES = 20
_NAMED = 200
_log = Logger()


class Channel(http.HTTPChannel, Upgrading):
    """
    A connection to the site.  The heads of its later requests are read as the door reads the first: any of them may be for a
    WebSocket, as proxies send them that keep their connections.
    """

    site: "Site"

    # The reader has seen to the bounds.
    MAX_LENGTH = totalHeadersSize = maxHeaders = sys.maxsize

    #: Reads the next head; None from its end to the end of the answer.
    _reader: HeadReader | None = None

    _isRefused = False

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
            return self.refuse(bad.status, bad.reason, bad.why)
        if head is not None:
            self._begin(head, self._reader.take())

    def _begin(self, head: Head, data: bytes) -> None:
        """
        Go on with a request whose head is there.
        """
        self.site.heads.stop(self)
        self._reader = None
        if head.isUpgrade and self.sockets is not None:
            self._upgrade(self.sockets(self.transport.getPeer(), head, False), data)
        elif not head.line.isascii():
            # twisted.web lets some of them through, and fails on them.
            self.refuse(400, "Bad Request")
        else:
            self._give(data)

    def _upgrade(self, socket: Any, data: bytes) -> None:
        transport, self.transport = self.transport, None
        self.setTimeout(None)
        # We are its producer, which it would pause.
        transport.unregisterProducer()
        transport.resumeProducing()
        handOver(transport, socket, data)

    def _give(self, data: bytes) -> None:
        try:
            super().dataReceived(data)
        except Exception as error:
            # Whatever it is that twisted.web doesn't expect, it is the peer's doing: pages' own errors are caught before.
            self.refuse(400, "Bad Request", f"twisted.web can't read the request: {type(error).__name__}")

    def _respondToBadRequestAndDisconnect(self) -> None:
        # twisted.web's, for what it finds bad by itself; it says so to nobody but the peer.
        self.refuse(400, "Bad Request", "twisted.web can't read the request")

    def requestDone(self, request: Any) -> None:
        """
        Go on to the next request, but let others have their turn before: a chunk may be full of them.
        """
        self.site.clock.callLater(0, self._goOn, request)

    def _goOn(self, request: Any) -> None:
        # There is none any more where the connection is lost by now.
        if self.requests:
            if self.persistent:
                self._expectHead()
            super().requestDone(request)

    def timeoutConnection(self) -> None:
        """
        Close a connection that was idle between two requests, or in one; there is nothing to say of it.
        """
        self.loseConnection()

    def connectionLost(self, reason: Failure) -> None:
        self.site.heads.stop(self)
        super().connectionLost(reason)

    def late(self) -> None:
        """
        Hear that a head has had its time.
        """
        self.refuse(408, "Request Timeout", "the head took longer than headSeconds")

    def refuse(self, status: int, reason: str, why: str = "") -> None:
        """
        Refuse a request, and part with who sent it.

        @param why: what only the log is told
        """
        if self._isRefused:
            return
        self._isRefused = True
        self.site.heads.stop(self)
        self.site.count(self, status, why)
        self.write(refusal(status, reason))
        self.loseConnection()


class Request(server.Request):
    """
    A request whose body has a greatest length, and whose form has as many fields as forms have.
    """

    channel: Any

    _length = 0
    _refused = False
    _lingering: IDelayedCall | None = None

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
        # What twisted.web does here, but for its reading of forms, which takes as long as a peer wants.
        self.method, self.uri, self.clientproto = command, path, version
        self.path, _, query = path.partition(b"?")
        try:
            self.args = readQuery(query)
            if command == b"POST" and self.channel.site.takesForms:
                self.content.seek(0)
                self.args |= readForm(self.getHeader(b"content-type") or b"", self.content.read())
        except BadForm:
            return self.channel.refuse(400, "Bad Request")  # type: ignore[no-any-return]
        self.content.seek(0)
        self.process()

    def processingFailed(self, reason: Failure) -> Failure:
        """
        Answer 500, because a page raised something: with a reference, by which the log has the rest.
        """
        ref = token_hex(4)
        last = "".join(format_exception(reason.type, reason.value, reason.getTracebackObject(), limit=-_FRAMES))
        _log.error(
            'A page failed: ref={ref} method="{method}" path="{path}"\n{last}',
            ref=ref,
            method=printable(self.method, _NAMED),
            path=printable(self.path, _NAMED),
            last=last,
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
        self._lingering = site.clock.callLater(LINGER_SECONDS, self._lingered)

    def _lingered(self) -> None:
        self._lingering = None
        self.channel.loseConnection()

    def connectionLost(self, reason: Failure) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        super().connectionLost(reason)


class Site(server.Site):
    """
    The site.

    @param pages: its root, a resource
    @param bodyBytes: how long a request's body may be; 0 for any length
    @param limits: how long, how large and how slow a head may be
    @param counters: where refusals are counted, by their status
    @param clock: for the time that takes, an L{IReactorTime} that doesn't step; the log shows the time of day
    @param takesForms: whether pages find the fields of a form in C{request.args}
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
        **others: Any,
    ) -> None:
        super().__init__(pages, Request, logFormatter=self._formatAccess, reactor=onTheWall(clock), **others)
        self.bodyBytes = bodyBytes
        self.takesForms = takesForms
        self.heads: Timeouts[Channel] = Timeouts(limits.headSeconds, Patience(lambda: clock), Channel.late)
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
        logRefusal(addressOf(channel), status, why)

    def _formatAccess(self, timestamp: str, request: Any) -> str:
        """
        Log a request as the combined format of web servers does, but for its query, which may hold secrets; with the
        address that a trusted proxy tells.
        """
        path = printable(request.uri.partition(b"?")[0], _NAMED)
        address = askerOf(request, self.trustForwarded).address
        return f'{address} - - {timestamp} "{printable(request.method)} {path}" {request.code} {request.sentLength or "-"}'
