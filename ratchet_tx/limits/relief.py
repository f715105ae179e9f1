"""
Frees memory above the limit C{processBytes}: closes the peers that read slowest, then drops the oldest histories.

Meanwhile new peers are refused, where handshakes ask the ledger.
"""

from collections.abc import Collection
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from ratchet_tx.budget.ledger import Ledger
from ratchet_tx.connections.connection import Connection
from ratchet_tx.interfaces import IBackplane, IMemory
from ratchet_tx.monitoring.counters import Counters

#: How long to wait, in seconds, where nothing could give way, and between two lines in the log.
_PAUSE, _QUIET = 1, 60

#: How many bytes wait for a peer that reads well, too: as many as are written at once.  Closing it would free little.
_LITTLE = 65536

#: How many histories are forgotten in one go.
_HISTORIES = 1000


class ReliefNode(Protocol):
    """
    What relief needs of the hub.
    """

    backplane: IBackplane
    counters: Counters
    ledger: Ledger

    @property
    def clock(self) -> IReactorTime: ...
    @property
    def connections(self) -> Collection[Connection]: ...


class Relief:
    """
    Keeps one node within its limit.

    Not at once, for it would end peers in the middle of what is being sent to many, but in the reactor's next turn.
    """

    _log = Logger()

    def __init__(self, node: ReliefNode) -> None:
        self._node = node
        self._coming: IDelayedCall | None = None
        self._pause = 0.0
        self._quietUntil = 0.0

    def come(self) -> None:
        """
        Relieve the node soon; nothing happens where that has been asked for already.
        """
        if self._coming is None:
            self._coming = self._node.clock.callLater(self._pause, self._relieve)

    def stop(self) -> None:
        """
        Relieve it no more of what was asked for.
        """
        if self._coming is not None:
            self._coming.cancel()
            self._coming = None

    def _relieve(self) -> None:
        self._coming = None
        node, ledger = self._node, self._node.ledger
        kept = ledger.bytes
        closed = self._closeSlowest(_LITTLE)
        forgotten = self._forgetOldest()
        if not forgotten:
            closed += self._closeSlowest(0)
        if closed:
            node.counters.full["processBytes.closed"] += closed
        if forgotten:
            node.counters.full["processBytes.forgotten"] += forgotten
        gaveWay = closed or forgotten
        self._pause = 0 if gaveWay else _PAUSE
        if node.clock.seconds() >= self._quietUntil:
            self._quietUntil = node.clock.seconds() + _QUIET
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
        if not self._node.ledger.isFull:
            return 0
        slow = [each for each in self._node.connections if not each.closing and each.account.queue > least]
        slow.sort(key=lambda each: each.account.queue)
        closed = 0
        while slow and self._node.ledger.isFull:
            slow.pop().close(4008, "Too slow")
            closed += 1
        return closed

    def _forgetOldest(self) -> int:
        """
        Forget the oldest histories, while there are too many bytes.

        @return: how many
        """
        backplane, forgotten = self._node.backplane, 0
        if not IMemory.providedBy(backplane):
            return 0
        while self._node.ledger.isFull and forgotten < _HISTORIES and backplane.forgetOldest():
            forgotten += 1
        return forgotten
