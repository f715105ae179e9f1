"""
Frees memory above the limit C{processBytes}: closes the slowest peers, then forgets the oldest histories.

Until enough is free, handshakes are refused; they look at the ledger themselves.
"""

from collections.abc import Callable, Collection

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from ratchet_tx.budget.ledger import Ledger
from ratchet_tx.connections.connection import Connection
from ratchet_tx.interfaces import IBackplane, IMemory
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.wire.closecodes import TOO_SLOW

#: Seconds until the next attempt after one that freed nothing, and between two lines in the log.
_PAUSE, _QUIET = 1, 60

#: So many bytes may wait for a peer that reads well, too: they are written at once. Closing it would free little.
LITTLE = 65536

#: How many histories one turn of the reactor forgets, at most.
_HISTORIES = 1000


class MemoryLimit:
    """
    Keeps one node within C{processBytes}.

    It acts in the reactor's next turn: closing a peer at once could come in the middle of a send to many.

    @param ledger: the bytes that are kept, and their limit
    @param counters: counts the closed peers and the forgotten histories, in C{full}
    @param backplane: its histories are forgotten, where it provides L{IMemory}
    @param connections: gives the node's connections
    @param clock: calls it in the next turn, and says when to log again
    """

    _log = Logger()

    def __init__(
        self,
        ledger: Ledger,
        counters: Counters,
        backplane: IBackplane,
        connections: Callable[[], Collection[Connection]],
        clock: IReactorTime,
    ) -> None:
        self._ledger = ledger
        self._counters = counters
        self._backplane = backplane
        self._connections = connections
        self._clock = clock
        self._scheduled: IDelayedCall | None = None
        self._pause = 0.0
        self._quietUntil = 0.0

    def schedule(self) -> None:
        """
        Free memory in the next turn of the reactor, unless that is scheduled already.
        """
        if self._scheduled is None:
            self._scheduled = self._clock.callLater(self._pause, self._free)

    def stop(self) -> None:
        """
        Cancel what L{schedule} scheduled.
        """
        if self._scheduled is not None:
            self._scheduled.cancel()
            self._scheduled = None

    def _free(self) -> None:
        self._scheduled = None
        ledger, full = self._ledger, self._counters.full
        kept = ledger.bytes
        closed = self._closeSlowest(LITTLE)
        forgotten = self._forgetOldest()
        if not forgotten:
            closed += self._closeSlowest(0)
        if closed:
            full["processBytes.closed"] += closed
        if forgotten:
            full["processBytes.forgotten"] += forgotten
        freed = closed or forgotten
        self._pause = 0 if freed else _PAUSE
        now = self._clock.seconds()
        if now >= self._quietUntil:
            self._quietUntil = now + _QUIET
            self._log.warn(
                "Too many bytes are kept: limit=processBytes of={limit} kept={kept} closed={closed} forgotten={forgotten}",
                limit=ledger.limit,
                kept=kept,
                closed=closed,
                forgotten=forgotten,
            )
        if ledger.isFull and freed:
            self.schedule()

    def _closeSlowest(self, least: int) -> int:
        """
        Close the connections with the longest send queues, while the ledger is full.

        @param least: spare those with no more queued bytes than this: they may read well, and free little
        @return: how many were closed
        """
        if not self._ledger.isFull:
            return 0
        slow = [each for each in self._connections() if not each.closing and each.account.queue > least]
        slow.sort(key=lambda each: each.account.queue)
        closed = 0
        while slow and self._ledger.isFull:
            slow.pop().close(TOO_SLOW, "Too slow")
            closed += 1
        return closed

    def _forgetOldest(self) -> int:
        """
        Forget the oldest histories, while the ledger is full.

        @return: how many were forgotten
        """
        backplane, forgotten = self._backplane, 0
        if not IMemory.providedBy(backplane):
            return 0
        while self._ledger.isFull and forgotten < _HISTORIES and backplane.forgetOldest():
            forgotten += 1
        return forgotten
