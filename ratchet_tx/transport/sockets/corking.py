"""
Corks writes: what is written to a socket in one turn of the reactor is sent together at its end.

So several events for the same peers cost each of them one write, however many they are: with eight shouts at once to a
thousand peers that is an eighth of the writes.
It doesn't know what is sent.
"""

from typing import Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ratchet_tx.deferreds.clock import nextTurn
from ratchet_tx.monitoring.peerlog import UNBOUNDED, UNKNOWN_ADDRESS, PeerLog


class Corked(Protocol):
    """
    Who keeps what is written until the end of the turn.
    """

    def flush(self) -> None: ...


class Batch:
    """
    Those who are to be flushed.

    @param reactor: whose turns count, an L{IReactorTime}
    @param log: where failures are logged
    @ivar isLed: whether somebody leads this turn, who calls L{flush} at its end, which saves a delayed call for each
    """

    _log = Logger()

    def __init__(self, reactor: IReactorTime, log: PeerLog = UNBOUNDED) -> None:
        self._peerLog = log
        self._nextTurn = nextTurn(reactor)
        self._corked: list[Corked] = []
        self.isLed = False

    def add(self, corked: Corked) -> None:
        """
        Flush somebody at the end of this turn.
        """
        if not self._corked and not self.isLed:
            self._nextTurn(self.flush)
        self._corked.append(corked)

    def flush(self) -> None:
        """
        End the turn.
        """
        corked, self._corked = self._corked, []
        for each in corked:
            try:
                each.flush()
            except Exception:
                self._peerLog.failure(self._log, UNKNOWN_ADDRESS, "Writing to a peer failed")
