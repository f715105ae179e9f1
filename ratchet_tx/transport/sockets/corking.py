"""
Corks writes: what is written to a socket in one turn of the reactor is sent together at its end.

So several events for one peer cost one write: if eight events at once go to a thousand peers, that is an eighth of the
writes.
"""

from typing import Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ratchet_tx.deferreds.clock import nextTurn
from ratchet_tx.monitoring.peerlog import UNBOUNDED, UNKNOWN_ADDRESS, PeerLog


class Corked(Protocol):
    """
    An outlet that keeps what is written until the end of the turn.
    """

    def flush(self) -> None: ...


class Batch:
    """
    The outlets to flush at the end of a turn.

    @param reactor: an L{IReactorTime}
    @param log: where failures are logged
    @ivar isLed: whether the poller calls L{flush} at the end of this turn, which saves a delayed call
    """

    _log = Logger()

    def __init__(self, reactor: IReactorTime, log: PeerLog = UNBOUNDED) -> None:
        self._peerLog = log
        self._nextTurn = nextTurn(reactor)
        self._corked: list[Corked] = []
        self.isLed = False

    def add(self, corked: Corked) -> None:
        """
        Flush an outlet at the end of this turn.
        """
        if not self._corked and not self.isLed:
            self._nextTurn(self.flush)
        self._corked.append(corked)

    def flush(self) -> None:
        """
        Flush all of them now.
        """
        corked, self._corked = self._corked, []
        for each in corked:
            try:
                each.flush()
            except Exception:
                self._peerLog.failure(self._log, UNKNOWN_ADDRESS, "Write at the end of a turn failed: address={address}")
