"""
Publishes messages to every node; a failure is counted, not logged, where nobody waits for it.

Most of those who emit drop the result, so while a backplane is down each event would write a traceback.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

from ratchet_tx.backplane.messages import Message
from ratchet_tx.interfaces import IBackplane
from ratchet_tx.monitoring.counters import Counters


class Position(msgspec.Struct, frozen=True):
    """
    Where an event is in the history of its room, as applications are told it: an object in JSON, and in Python a pair.

    @ivar epoch: which life of the room it is in
    @ivar offset: the event's number there
    """

    epoch: str
    offset: int

    def __iter__(self) -> Iterator[Any]:
        return iter((self.epoch, self.offset))


class Published(Deferred[Any]):
    """
    The result of one publish.

    @param result: the backplane's own Deferred, or the failure of its C{publish}
    @param counters: where a failure is counted that nobody waited for
    """

    def __init__(self, result: "Deferred[Any] | Failure", counters: Counters) -> None:
        super().__init__()
        self._counters = counters
        told = fail(result) if isinstance(result, Failure) else result
        told.chainDeferred(self)

    def __del__(self) -> None:
        # A Deferred that is collected with a failure writes it to the log, so the failure is taken from it before.
        if isinstance(getattr(self, "result", None), Failure):
            self._counters.unpublished += 1
            self.addErrback(lambda _: None)


class Publisher:
    """
    The way of one node's messages to every node.

    @param counters: where a failure is counted that nobody waited for
    """

    def __init__(self, backplane: IBackplane, counters: Counters) -> None:
        self._backplane = backplane
        self._counters = counters

    def publish(self, message: Message) -> Deferred[Any] | None:
        """
        Send a message to every node, this one too.

        @return: what the backplane gives; a failure that nobody waits for is counted
        """
        try:
            published = self._backplane.publish(message)
        except Exception:
            return Published(Failure(), self._counters)
        return None if published is None else Published(published, self._counters)
