"""
Frees memory above the limit C{processBytes}: closes the peers that read slowest, then drops the oldest histories.

Meanwhile new peers are refused, where handshakes ask the ledger.
"""

from collections.abc import Callable, Collection

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from ratchet_tx.budget.ledger import Ledger
from ratchet_tx.connections.connection import Connection
from ratchet_tx.interfaces import IBackplane, IMemory
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.wire.closecodes import TOO_SLOW

#: How long to wait, in seconds, where nothing could give way, and between two lines in the log.
_PAUSE, _QUIET = 1, 60

#: How many bytes wait for a peer that reads well, too: as many as are written at once.  Closing it would free little.
LITTLE = 65536

#: How many histories are forgotten in one go.
_HISTORIES = 1000


class Relief:
    """
    Keeps one node within its limit.

    It acts in the reactor's next turn, since closing peers at once would come in the middle of what is being sent to many.

    @param ledger: the bytes that are kept, and their limit
    @param counters: where it is counted what was closed and forgotten
    @param backplane: whose histories are forgotten, where it keeps them in this process
    @param connections: gives the node's connections
    @param clock: gives the clock; called when it is needed
    """

    _log = Logger()

    def __init__(
        self,
        ledger: Ledger,
        counters: Counters,
        backplane: IBackplane,
        connections: Callable[[], Collection[Connection]],
        clock: Callable[[], IReactorTime],
    ) -> None:
        self._ledger = ledger
        self._counters = counters
        self._backplane = backplane
        self._connections = connections
        self._clock = clock
        self._coming: IDelayedCall | None = None
        self._pause = 0.0
        self._quietUntil = 0.0

    def come(self) -> None:
        """
        Relieve the node soon; nothing happens where that has been asked for already.
        """
        if self._coming is None:
            self._coming = self._clock().callLater(self._pause, self._relieve)

    def stop(self) -> None:
        """
        Relieve it no more of what was asked for.
        """
        if self._coming is not None:
            self._coming.cancel()
            self._coming = None

    def _relieve(self) -> None:
        self._coming = None
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
        gaveWay = closed or forgotten
        self._pause = 0 if gaveWay else _PAUSE
        now = self._clock().seconds()
        if now >= self._quietUntil:
            self._quietUntil = now + _QUIET
            self._log.warn(
                "Too many bytes are kept: limit=processBytes of={limit} kept={kept} closed={closed} forgotten={forgotten}",
                limit=ledger.limit,
                kept=kept,
                closed=closed,
                forgotten=forgotten,
            )
        if ledger.isFull and gaveWay:
            self.come()

    def _closeSlowest(self, least: int) -> int:
        """
        Close the connections for which most waits, while there are too many bytes.

        @param least: none for which no more than this waits: it would free little, and they may read just now
        @return: how many
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
        Forget the oldest histories, while there are too many bytes.

        @return: how many
        """
        backplane, forgotten = self._backplane, 0
        if not IMemory.providedBy(backplane):
            return 0
        while self._ledger.isFull and forgotten < _HISTORIES and backplane.forgetOldest():
            forgotten += 1
        return forgotten
