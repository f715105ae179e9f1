"""
The parts of a hub that don't depend on its settings: the clock, the connections, counters and logs.
"""

from twisted.logger import Logger
from twisted.python.failure import Failure

from ratchet_tx.budget.ledger import Ledger
from ratchet_tx.connections.answers import Answers
from ratchet_tx.deferreds.lateclock import LateClock
from ratchet_tx.deferreds.pending import Pending
from ratchet_tx.deferreds.threads import OwnThread
from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.hub.directory import Directory
from ratchet_tx.interfaces import IBackplane
from ratchet_tx.limits.memorylimit import MemoryLimit
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.httprefusals import HTTPRefusals
from ratchet_tx.monitoring.observers import Observers
from ratchet_tx.monitoring.peerlog import UNKNOWN_ADDRESS, PeerLog
from ratchet_tx.settings import Limits


class Basis:
    """
    What all parts of one hub use; it is made first, and kept when the settings change.

    @ivar pending: the background work for peers, which a stop waits for
    @ivar patience: times out what has to come from outside
    @ivar ledger: counts the bytes that are kept for peers, by what they are kept for
    @ivar peerLog: logs what peers cause
    @ivar httpRefusals: counts and logs what is refused over HTTP
    """

    _log = Logger()

    def __init__(self, clock: LateClock, backplane: IBackplane) -> None:
        self.clock = clock
        self.backplane = backplane
        self.thread = OwnThread()
        self.patience = Patience(clock)
        self.counters = Counters()
        self.ledger = Ledger()
        self.directory = Directory()
        self.memoryLimit = MemoryLimit(self.ledger, self.counters, backplane, self.directory.all, clock)
        self.ledger.whenFull(self.memoryLimit.schedule)
        self.peerLog = PeerLog(clock, self.counters)
        self.httpRefusals = HTTPRefusals(self.counters, self.peerLog)
        self.observers = Observers(self.peerLog)
        self.answers = Answers(self.counters, self.observers)
        self.pending = Pending(self._workFailed)

    def applyLimits(self, limits: Limits) -> None:
        """
        Set the limits of bytes and of the log.
        """
        self.ledger.limitTo(limits.processBytes)
        self.peerLog.limit(limits.logBytesPerMinute)

    def _workFailed(self, failure: Failure) -> None:
        self.peerLog.failure(self._log, UNKNOWN_ADDRESS, "Background work for a peer failed", failure)
