"""
Shares the reactor's turns among peers: what one of them sent beyond its share waits for the next turn.

It doesn't know what peers send.  The code that reads asks here whether to go on.
"""

from collections import OrderedDict
from typing import Any, Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ratchet_tx.deferreds.clock import nextTurn
from ratchet_tx.monitoring.peerlog import UNBOUNDED, UNKNOWN_ADDRESS, PeerLog

#: How many seconds a turn may take for what can wait: long chunks, and the rest of earlier turns.
TURN_SECONDS = 0.02


class Reading(Protocol):
    """
    A peer's bytes that wait.
    """

    def goOn(self) -> None:
        """
        Read one more share of them, and wait again if some are left.
        """


class Turns:
    """
    The turns of one reactor.

    Peers that wait are read in the order in which they began to wait, one share each, until the turn is over.

    @param reactor: the reactor
    @param clock: measures how long a turn takes
    @param log: where failures are logged
    """

    _log = Logger()

    def __init__(self, reactor: Any, clock: IReactorTime, log: PeerLog = UNBOUNDED) -> None:
        self._peerLog = log
        self._inNextTurn = nextTurn(reactor)
        self._clock = clock
        self._waiting: OrderedDict[Reading, None] = OrderedDict()
        self._began: float | None = None
        self._isScheduled = False

    def __len__(self) -> int:
        return len(self._waiting)

    def isOver(self) -> bool:
        """
        Say whether this turn has taken so long that the rest has to wait.  Its time begins when this is first called.
        """
        now = self._clock.seconds()
        if self._began is None:
            self._began = now
            self._schedule()
        return now - self._began >= TURN_SECONDS

    def wait(self, reading: Reading) -> None:
        """
        Go on with a peer in the next turn, after those that wait already; once, however often this is called.
        """
        self._waiting[reading] = None
        self._schedule()

    def forget(self, reading: Reading) -> None:
        """
        Wait no more for a peer; nothing happens if it doesn't wait.
        """
        self._waiting.pop(reading, None)

    def _schedule(self) -> None:
        if not self._isScheduled:
            self._isScheduled = True
            self._inNextTurn(self._turn)

    def _turn(self) -> None:
        self._isScheduled, self._began = False, None
        for _ in range(len(self._waiting)):
            if not self._waiting or self.isOver():
                break
            reading, _nothing = self._waiting.popitem(last=False)
            try:
                reading.goOn()
            except Exception:
                self._peerLog.failure(self._log, UNKNOWN_ADDRESS, "Handling of waiting bytes failed: address={address}")
        if self._waiting:
            self._schedule()
