"""
Stops a hub: waits for peers and pending work, and drops them when the time is over.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.logger import Logger

from ratchet_tx.deferreds.coroutines import cancel
from ratchet_tx.deferreds.pending import Pending
from ratchet_tx.deferreds.timeouts import Deadline, Patience


class Stopping:
    """
    One stop, from its beginning to its end.

    @param ticks: fires when the timers are done
    @param pending: what goes on for peers
    @param abort: called to drop the peers that are still there
    @param stopped: called in the end; what it gives is waited for, too
    """

    _log = Logger()

    def __init__(
        self, ticks: Deferred[Any], pending: Pending, abort: Callable[[], None], stopped: Callable[[], Any]
    ) -> None:
        self._ticks = ticks
        self._pending = pending
        self._abort = abort
        self._gone: Deferred[None] = Deferred()
        self._deadline: Deadline | None = None
        self._ended: Deferred[None] = Deferred()
        self._stopped = stopped
        over = DeferredList([ticks, self._gone])
        over.addCallback(lambda _: pending.idle())
        over.addCallback(lambda _: self._finish())

    def limit(self, seconds: float, patience: Patience) -> None:
        """
        Wait so long at most, and then drop whatever is left.
        """
        if not self._ended.called:
            self._deadline = patience.callLater(seconds, self._giveUp, seconds, patience)

    def whenEnded(self) -> Deferred[None]:
        """
        @return: a new Deferred that fires when all has ended, and never fails
        """
        ended: Deferred[None] = Deferred()

        def fire(result: Any) -> Any:
            ended.callback(None)
            return result

        self._ended.addBoth(fire)
        return ended

    def allGone(self) -> None:
        """
        Note that no peer is left.
        """
        if not self._gone.called:
            self._gone.callback(None)

    def abandon(self) -> None:
        """
        Drop everything, and wait for nothing any more.
        """
        self._dropAll()
        self._finish()

    def _finish(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        # Once: what was abandoned may come to an end later.
        stopped, self._stopped = self._stopped, _nothing
        last = maybeDeferred(stopped)
        last.addErrback(lambda failure: self._log.failure("Stopping the hub failed", failure))
        last.addCallback(lambda _: self._end())

    def _end(self) -> None:
        if not self._ended.called:
            self._ended.callback(None)

    def _giveUp(self, seconds: float, patience: Patience) -> None:
        self._log.warn("Stopping took longer than {seconds} s: what is left is dropped", seconds=seconds)
        # Once more soon, for what applications begin when they hear of the dropped peers' ends.
        self._deadline = patience.callLater(1, self._giveUp, seconds + 1, patience)
        self._dropAll()

    def _dropAll(self) -> None:
        cancel(self._ticks)
        self._abort()
        self._pending.cancel()


def _nothing() -> None:
    """
    Has been done.
    """
