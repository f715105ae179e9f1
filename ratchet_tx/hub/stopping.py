"""
Stops a hub: waits for connections and pending work, and drops them after a timeout.
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
    One stop of a hub.

    @param ticks: fires when the running ticks of timers are done
    @param pending: the background work for peers
    @param abort: called to drop the connections that are left
    @param stopped: called when everything is done; its Deferred, if any, is waited for
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
        done = DeferredList([ticks, self._gone])
        done.addCallback(lambda _: pending.idle())
        done.addCallback(lambda _: self._finish())

    def limit(self, seconds: float, patience: Patience) -> None:
        """
        Set the timeout after which what is left is dropped.
        """
        if not self._ended.called:
            self._deadline = patience.callLater(seconds, self._timeOut, seconds, patience)

    def whenEnded(self) -> Deferred[None]:
        """
        @return: a new Deferred that fires when the hub has stopped, and never fails
        """
        ended: Deferred[None] = Deferred()

        def fire(result: Any) -> Any:
            ended.callback(None)
            return result

        self._ended.addBoth(fire)
        return ended

    def allGone(self) -> None:
        """
        Note that no connection is left.
        """
        if not self._gone.called:
            self._gone.callback(None)

    def abandon(self) -> None:
        """
        Drop everything, and wait no longer.
        """
        self._dropAll()
        self._finish()

    def _finish(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        # Once: abandoned work may end later, and finish a second time.
        stopped, self._stopped = self._stopped, _alreadyStopped
        last = maybeDeferred(stopped)
        last.addErrback(lambda failure: self._log.failure("Last step of the hub's stop failed", failure))
        last.addCallback(lambda _: self._end())

    def _end(self) -> None:
        if not self._ended.called:
            self._ended.callback(None)

    def _timeOut(self, seconds: float, patience: Patience) -> None:
        self._log.warn("Stopping took longer than {seconds} s: what is left is dropped", seconds=seconds)
        # Again after a second, because applications may begin work when they get the dropped connections' socket.close.
        self._deadline = patience.callLater(1, self._timeOut, seconds + 1, patience)
        self._dropAll()

    def _dropAll(self) -> None:
        cancel(self._ticks)
        self._abort()
        self._pending.cancel()


def _alreadyStopped() -> None:
    """
    Stand in for C{stopped} once it was called.
    """
