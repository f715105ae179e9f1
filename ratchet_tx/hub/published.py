"""
Publishes messages to every node; a failure that nobody handles is counted, not logged.

Most callers of C{emit} ignore its Deferred. If such failures were logged, each event would write a traceback while the
backplane is down.
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
    The position of an event in the history of its room: an object in JSON, and a pair in Python.

    @ivar epoch: which life of the history it belongs to
    @ivar offset: the event's number there
    """

    epoch: str
    offset: int

    def __iter__(self) -> Iterator[Any]:
        return iter((self.epoch, self.offset))


class Published(Deferred[Any]):
    """
    The result of one publish.

    @param result: the backplane's Deferred, or the failure of its C{publish}
    @param counters: count a failure that nobody handles, as C{unpublished}
    """

    def __init__(self, result: "Deferred[Any] | Failure", counters: Counters) -> None:
        super().__init__()
        self._counters = counters
        deferred = fail(result) if isinstance(result, Failure) else result
        deferred.chainDeferred(self)

    def __del__(self) -> None:
        # A Deferred logs its unhandled failure when it is freed, so the failure is handled here before.
        if isinstance(getattr(self, "result", None), Failure):
            self._counters.unpublished += 1
            self.addErrback(lambda _: None)


class Publisher:
    """
    Publishes the messages of one node.

    @param counters: count a failure that nobody handles, as C{unpublished}
    """

    def __init__(self, backplane: IBackplane, counters: Counters) -> None:
        self._backplane = backplane
        self._counters = counters

    def publish(self, message: Message) -> Deferred[Any] | None:
        """
        Send a message to every node, this one too.

        @return: what the backplane gives: None, or a Deferred, which also carries what C{publish} raised
        """
        try:
            published = self._backplane.publish(message)
        except Exception:
            return Published(Failure(), self._counters)
        return None if published is None else Published(published, self._counters)
