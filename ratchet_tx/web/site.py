"""
The web site of a port: its log, its counters, and the time-outs of its connections.

By itself twisted.web takes in whatever is sent, of any length, before it asks a page, and a head may take for ever, if only
something of it comes once a minute.
"""

from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.web import server

from ratchet_tx.deferreds.clock import wallClock
from ratchet_tx.deferreds.timeouts import Patience, Timeouts
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.httprefusals import HTTPRefusals
from ratchet_tx.monitoring.peerlog import PeerLog
from ratchet_tx.monitoring.printable import printable
from ratchet_tx.settings import Limits
from ratchet_tx.transport.handshake import alpn
from ratchet_tx.transport.handshake.forwarded import addressOf
from ratchet_tx.transport.sockets.closing import Closing
from ratchet_tx.web.asker import askerOf
from ratchet_tx.web.channel import LOOK_SECONDS, Channel
from ratchet_tx.web.pagerequest import NAMED, Request

_log = Logger()


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
        super().__init__(pages, Request, logFormatter=self._formatAccess, reactor=wallClock(clock), **others)
        self.peerLog = PeerLog(lambda: clock, counters, limits.logBytesPerMinute) if log is None else log
        self.bodyBytes = bodyBytes
        self.takesForms = takesForms
        patience = Patience(lambda: clock)
        self.heads: Timeouts[Channel] = Timeouts(limits.headSeconds, patience, Channel.late)
        self.slow: Timeouts[Channel] = Timeouts(LOOK_SECONDS, patience, Channel.look)
        self.closing = Closing(patience)
        self.headBounds = (limits.headBytes, limits.headCount)
        self.clock = clock
        self._counters = counters
        self._refusals = HTTPRefusals(counters, self.peerLog)

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
        self._refusals.request(addressOf(channel), status, why)

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
        path = printable(request.uri.partition(b"?")[0], NAMED)
        address = askerOf(request, self.trustForwarded).address
        return f'{address} - - {timestamp} "{printable(request.method)} {path}" {request.code} {request.sentLength or "-"}'
