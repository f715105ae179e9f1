"""
Tracks background Deferreds, so that shutdown can wait for them or cancel them.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from ratchet_tx.deferreds.coroutines import CANCELLED, cancel


class Pending:
    """
    The background Deferreds of a hub: each ends by itself, or is cancelled at shutdown.

    @param failed: called with each failure; nothing else handles it
    """

    def __init__(self, failed: Callable[[Failure], None]) -> None:
        self._failed = failed
        self._works: set[Deferred[Any]] = set()
        self._idle: Deferred[None] | None = None

    def add(self, work: Deferred[Any] | None) -> None:
        """
        Track a Deferred until it fires.

        @param work: the Deferred, whose result is then None; None for work that is done already
        """
        if work is not None:
            self._works.add(work)
            work.addBoth(self._done, work)

    def _done(self, result: Any, work: Deferred[Any]) -> None:
        self._works.discard(work)
        if isinstance(result, Failure) and not result.check(*CANCELLED):
            self._failed(result)
        if self._idle is not None and not self._works:
            idle, self._idle = self._idle, None
            idle.callback(None)

    def idle(self) -> Deferred[None]:
        """
        Wait until no work is left; for one caller at a time.

        @return: a Deferred that fires then, and never fails
        """
        if not self._works:
            return succeed(None)
        self._idle = Deferred()
        return self._idle

    def cancel(self) -> None:
        """
        Cancel all work.
        """
        for work in tuple(self._works):
            cancel(work)
