"""
The web site of a port: its log, how much of a request's body it takes in, and how long the heads of those requests may take
that follow the first; what its pages are it doesn't know.

By itself twisted.web takes in whatever is sent, of any length, before it asks a page, and a head may take for ever, if only
something of it comes once a minute.
"""

from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http, server

from ratchet_tx import alpn
from ratchet_tx.counters import Counters
from ratchet_tx.door import addressOf
from ratchet_tx.timeouts import Timeouts

#: How long a request's body may be: more than any form has, and less than hurts; uploads have to be asked for.
BODY_BYTES = 1 << 20

#: How long somebody whose body was refused may go on sending it: closed at once, many a client would never read why.
LINGER_SECONDS = 3

_log = Logger()


class Channel(http.HTTPChannel):
    """
    A connection to the site; its first request's head has passed the door already.
    """

    site: "Site"

    _isHead = True

    def dataReceived(self, data: bytes) -> None:
        """
        Take in what comes; where a head begins, so does its time.
        """
        if self._isHead and self not in self.site.heads:
            self.site.heads.start(self)
        super().dataReceived(data)

    def headerReceived(self, line: bytes) -> bool:
        """
        Take in a header.

        @return: whether it is a good one
        """
        try:
            return bool(super().headerReceived(line))
        except ValueError:
            # A length of so many digits that Python makes no number of it, which twisted.web doesn't expect.
            self.refuse(400, "Bad Request")
            return False

    def allHeadersReceived(self) -> None:
        """
        Go on to the body.
        """
        self._isHead = False
        self.site.heads.stop(self)
        super().allHeadersReceived()

    def requestDone(self, request: Any) -> None:
        """
        Go on to the next request, but let others have their turn before: a chunk may be full of them.
        """
        self.site.clock.callLater(0, self._goOn, request)

    def _goOn(self, request: Any) -> None:
        # There is none any more where the connection is lost by now.
        if self.requests:
            self._isHead = True
            super().requestDone(request)

    def connectionLost(self, reason: Failure) -> None:
        self.site.heads.stop(self)
        super().connectionLost(reason)

    def late(self) -> None:
        """
        Hear that a head has had its time.
        """
        self.refuse(408, "Request Timeout")

    def refuse(self, status: int, reason: str) -> None:
        """
        Refuse a head, and part with who sent it.
        """
        self.site.heads.stop(self)
        self.site.count(self, status)
        self.write(f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
        self.loseConnection()


class Request(server.Request):
    """
    A request whose body has a greatest length.
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
            self.channel.loseConnection()
        else:
            super().requestReceived(command, path, version)

    def _refuse(self) -> None:
        self._refused = True
        site = self.channel.site
        site.count(self.channel, 413)
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
    @param headSeconds: how long its head may take; 0 for any time
    @param counters: where refusals are counted, by their status
    @param clock: for the time that takes
    @param others: for twisted.web's
    @cvar tooLong: what somebody is told besides whose body is too long
    @cvar tooLongHeaders: the headers of that, each with the end of its line
    """

    protocol = Channel
    noisy = False
    tooLong = tooLongHeaders = b""

    def __init__(
        self, pages: Any, bodyBytes: int, headSeconds: float, counters: Counters, clock: IReactorTime, **others: Any
    ) -> None:
        super().__init__(pages, Request, logFormatter=_formatAccess, reactor=clock, **others)
        self.bodyBytes = bodyBytes
        self.heads: Timeouts[Channel] = Timeouts(headSeconds, lambda: clock, Channel.late)
        self.clock = clock
        self._counters = counters

    def acceptableProtocols(self) -> list[bytes]:
        """
        Name what is spoken here over TLS: twisted.web's site offers HTTP/2 where that is installed, which L{Channel} doesn't
        speak.
        """
        return alpn.acceptableProtocols()

    def count(self, channel: Any, status: int) -> None:
        """
        Count a request that is refused, and log it.
        """
        self._counters.refused[f"http.{status}"] += 1
        _log.info("Refused a request from {address}: {status}", address=addressOf(channel), status=status)


def _formatAccess(timestamp: str, request: Any) -> str:
    """
    Log a request as the combined format of web servers does, but for its query, which may hold secrets.
    """
    path = request.uri.partition(b"?")[0].decode("ascii", "backslashreplace")
    address = request.getClientAddress()
    return (
        f"{getattr(address, 'host', '-')} - - {timestamp} "
        f'"{request.method.decode("ascii", "backslashreplace")} {path}" {request.code} {request.sentLength or "-"}'
    )
