"""
What a hub has whatever its settings are: its clock, its connections, what counts and what logs.
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
from ratchet_tx.monitoring.observers import Observers
from ratchet_tx.monitoring.peerlog import UNKNOWN_ADDRESS, PeerLog


class Basis:
    """
    What the parts of one hub stand on; it is made first, and stays when other settings come.

    @ivar pending: the work that goes on for peers, which a stop waits for
    @ivar patience: times out what has to come from outside
    @ivar ledger: how many bytes are kept because of peers, and what for
    @ivar peerLog: what logs what peers cause
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
        self.memoryLimit = MemoryLimit(self.ledger, self.counters, backplane, self.directory.all, lambda: clock.clock)
        self.ledger.whenFull(self.memoryLimit.schedule)
        self.peerLog = PeerLog(lambda: clock.clock, self.counters)
        self.observers = Observers(self.peerLog)
        self.answers = Answers(self.counters, self.observers)
        self.pending = Pending(self._workFailed)

    def _workFailed(self, failure: Failure) -> None:
        self.peerLog.failure(self._log, UNKNOWN_ADDRESS, "Work for a peer failed", failure)
