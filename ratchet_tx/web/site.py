"""
The web site of a port: its log, and how much of a request's body it takes in; what its pages are it doesn't know.

By itself twisted.web takes in whatever is sent, of any length, before it asks a page.
"""

from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import server

from ratchet_tx.counters import Counters
from ratchet_tx.door import addressOf

#: How long a request's body may be: more than any form has, and less than hurts; uploads have to be asked for.
BODY_BYTES = 1 << 20

#: How long somebody whose body was refused may go on sending it: closed at once, many a client would never read why.
LINGER_SECONDS = 3

_log = Logger()


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
        site.counters.refused["http.413"] += 1
        _log.info("Refused a request from {address}: {status}", address=addressOf(self.channel), status=413)
        # Else it would be told to go on.
        self.requestHeaders.removeHeader(b"expect")
        self.channel.write(b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
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
    @param counters: where refusals are counted, by their status
    @param clock: for the time that takes
    """

    noisy = False

    def __init__(self, pages: Any, bodyBytes: int, counters: Counters, clock: IReactorTime) -> None:
        super().__init__(pages, Request, logFormatter=_formatAccess)
        self.bodyBytes = bodyBytes
        self.counters = counters
        self.clock = clock


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
