"""
What goes on: the Deferreds that somebody began and nobody waits for, so that stopping can.
"""

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from ratchet_tx.coroutines import CANCELLED, cancel
from ratchet_tx.peerlog import NOBODY, UNBOUNDED, PeerLog


class Ongoing:
    """
    Work that ends by itself, or is cancelled in the end.

    @param log: where its failures are logged
    """

    _log = Logger()

    def __init__(self, log: PeerLog = UNBOUNDED) -> None:
        self._peerLog = log
        self._works: set[Deferred[Any]] = set()
        self._idle: Deferred[None] | None = None

    def add(self, work: Deferred[Any] | None) -> None:
        """
        Know of some work until it is done; a failure is logged, since nobody else would see it.

        @param work: its Deferred, which has no result afterwards; None where it is done already
        """
        if work is not None:
            self._works.add(work)
            work.addBoth(self._done, work)

    def _done(self, result: Any, work: Deferred[Any]) -> None:
        self._works.discard(work)
        if isinstance(result, Failure) and not result.check(*CANCELLED):
            self._peerLog.failure(self._log, NOBODY, "Work for a peer failed", result)
        if self._idle is not None and not self._works:
            idle, self._idle = self._idle, None
            idle.callback(None)

    def idle(self) -> Deferred[None]:
        """
        Wait until nothing goes on; there is one who waits.

        @return: a Deferred that fires then, and never fails
        """
        if not self._works:
            return succeed(None)
        self._idle = Deferred()
        return self._idle

    def cancel(self) -> None:
        """
        Cancel everything.
        """
        for work in tuple(self._works):
            cancel(work)
