"""
The web site of a port: logs and counts requests, and ends slow connections.

twisted.web itself reads a body of any length before it calls a page, and waits for a head forever if a byte of it comes once
a minute.
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
from ratchet_tx.web.channel import PACE_SECONDS, Channel
from ratchet_tx.web.pagerequest import NAMED, Request

_log = Logger()


class Site(server.Site):
    """
    A web site.

    @param pages: the root resource
    @param bodyBytes: how many bytes a request's body may have; 0 for any number
    @param limits: the limits on heads, and C{logBytesPerMinute}
    @param counters: counts refusals by status
    @param clock: a monotonic L{IReactorTime}, for timeouts; the access log shows the time of day
    @param takesForms: whether C{request.args} has the fields of a form
    @param log: logs requests and refusals; by default a new one
    @param others: further arguments of twisted.web's site
    @cvar tooLong: the body of the 413 response
    @cvar tooLongHeaders: further headers of the 413 response, each with its line end
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
        self.peerLog = PeerLog(clock, counters, limits.logBytesPerMinute) if log is None else log
        self.bodyBytes = bodyBytes
        self.takesForms = takesForms
        patience = Patience(clock)
        self.heads: Timeouts[Channel] = Timeouts(limits.headSeconds, patience, Channel.headTimeout)
        self.slow: Timeouts[Channel] = Timeouts(PACE_SECONDS, patience, Channel.checkPace)
        self.closing = Closing(patience)
        self.headBounds = (limits.headBytes, limits.headCount)
        self.clock = clock
        self._counters = counters
        self._refusals = HTTPRefusals(counters, self.peerLog)

    def acceptableProtocols(self) -> list[bytes]:
        """
        List the protocols for ALPN: without HTTP/2, which twisted.web offers if it is installed, but L{Channel} lacks.
        """
        return alpn.acceptableProtocols()

    def count(self, channel: Any, status: int, why: str) -> None:
        """
        Count and log a refused request.
        """
        self._refusals.request(addressOf(channel), status, why)

    def endedSlow(self, channel: Any) -> None:
        """
        Count and log a connection that ends because its peer takes a response too slowly.
        """
        self._counters.refused["http.slow"] += 1
        self.peerLog.info(_log, addressOf(channel), "Slow response aborted: address={address}")

    def log(self, request: Any) -> None:
        """
        Log a request, if the log has room for it.
        """
        if self.peerLog.admits(askerOf(request, self.trustForwarded).address, self._formatAccess("", request)):
            super().log(request)

    def _formatAccess(self, timestamp: str, request: Any) -> str:
        """
        Format a request for the access log, without its query, which may have secrets, and with the address that a trusted
        proxy tells.
        """
        path = printable(request.uri.partition(b"?")[0], NAMED)
        address = askerOf(request, self.trustForwarded).address
        return f'{address} - - {timestamp} "{printable(request.method)} {path}" {request.code} {request.sentLength or "-"}'
