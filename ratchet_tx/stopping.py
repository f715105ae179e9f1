"""
Taking leave: what a hub waits for before it has stopped, and for how long; it knows no peer, only that they go.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from ratchet_tx.coroutines import cancel
from ratchet_tx.ongoing import Ongoing


class Stopping:
    """
    One stop, from its beginning to its end.

    @param ticks: fires when the timers are done
    @param ongoing: what goes on for peers
    @param abort: called to drop the peers that are still there
    @param stopped: called in the end; what it gives is waited for, too
    """

    _log = Logger()

    def __init__(
        self, ticks: Deferred[Any], ongoing: Ongoing, abort: Callable[[], None], stopped: Callable[[], Any]
    ) -> None:
        self._ticks = ticks
        self._ongoing = ongoing
        self._abort = abort
        self._gone: Deferred[None] = Deferred()
        self._deadline: IDelayedCall | None = None
        ended = DeferredList([ticks, self._gone])
        ended.addCallback(lambda _: ongoing.idle())
        ended.addCallback(lambda _: self._cancelDeadline())
        ended.addCallback(lambda _: stopped())
        ended.addErrback(lambda failure: self._log.failure("Stopping failed", failure))
        self._ended = ended

    def limit(self, seconds: float, clock: IReactorTime) -> None:
        """
        Wait so long at most, and then drop whatever is left.
        """
        if not self._ended.called:
            self._deadline = clock.callLater(seconds, self._giveUp, seconds, clock)

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

    def _giveUp(self, seconds: float, clock: IReactorTime) -> None:
        self._log.warn("Stopping took longer than {seconds} s: what is left is dropped", seconds=seconds)
        # Once more soon, for what applications begin when they hear of the dropped peers' ends.
        self._deadline = clock.callLater(1, self._giveUp, seconds + 1, clock)
        cancel(self._ticks)
        self._abort()
        self._ongoing.cancel()

    def _cancelDeadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
