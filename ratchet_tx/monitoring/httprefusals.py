"""
Counts and logs the HTTP requests, handshakes and connections that the server refuses.
"""

from twisted.logger import Logger

from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.peerlog import PeerLog

_log = Logger()


class HTTPRefusals:
    """
    The refusals of one hub.

    @param counters: counts them by status, as C{http.421}
    @param peerLog: logs a line for each, within its limit
    """

    def __init__(self, counters: Counters, peerLog: PeerLog) -> None:
        self._counters = counters
        self._peerLog = peerLog

    def request(self, address: str, status: int, why: str) -> None:
        """
        Count and log a request that breaks a rule.

        @param address: the peer's IP address
        @param status: the status of the response
        @param why: the rule, without text that a peer chose
        """
        self.note("request", address, status, f'why="{why}"')

    def note(self, what: str, address: str, status: int, facts: str) -> None:
        """
        Count and log a refusal.

        @param what: a C{request}, a C{handshake}, a C{connection} or a C{publish}
        @param address: the peer's IP address
        @param status: the status of the response
        @param facts: why it was refused, as C{key=value} pairs; text that a peer chose is escaped
        """
        self._counters.refused[f"http.{status}"] += 1
        self._peerLog.info(
            _log,
            address,
            "Refused a {what}: status={status} address={address} {facts}",
            what=what,
            status=status,
            facts=facts,
        )
