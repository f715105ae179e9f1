"""
Keeps the questions that one peer is asked until its replies come.
"""

from typing import Any, Protocol

from twisted.internet.defer import Deferred

from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.errors import AskRefused, UsageError
from ratchet_tx.wire.errorcodes import REPLY_LOST, REPLY_TIMEOUT


class Asker(Protocol):
    """
    Who asks: a connection.
    """

    closing: bool

    def send(self, event: str, data: Any, **keys: Any) -> None: ...
    def inboxChanged(self) -> None: ...


class Questions:
    """
    One connection's open questions, each asked by us.

    Ids are C{s1}, C{s2} and so on: strings, so that they can't be taken for the peer's own, which are numbers.

    The connection is given to each call and not kept: the two would hold each other.
    """

    __slots__ = ("_asked", "_waiting")

    def __init__(self) -> None:
        self._asked = 0
        self._waiting: dict[str, Deferred[Any]] = {}

    def ask(self, asker: Asker, patience: Patience, event: str, data: Any, timeout: float) -> Deferred[Any]:
        """
        Send a question, and wait for its reply.

        @param patience: ends the waiting
        @param timeout: after how many seconds
        @return: the reply's result; it fails with L{AskRefused}
        @raise UsageError: for data that isn't JSON
        """
        waiting: Deferred[Any] = Deferred()
        self._asked += 1
        id = f"s{self._asked}"
        self._waiting[id] = waiting
        try:
            asker.send(event, data, id=id)
        except Exception:
            self._waiting.pop(id, None)
            raise
        if asker.closing:
            self.replied(asker, id, _lost())
            return waiting
        asker.inboxChanged()
        late = patience.callLater(timeout, self.replied, asker, id, AskRefused(REPLY_TIMEOUT, "No reply came in time"))

        def settled(result: Any) -> Any:
            self._waiting.pop(id, None)
            if late.active():
                late.cancel()
            return result

        return waiting.addBoth(settled)

    def replied(self, asker: Asker, id: str, reply: Any) -> None:
        """
        Take in a reply; one that nobody waits for any more is dropped.

        @param reply: the result, or an L{AskRefused}
        """
        waiting = self._waiting.pop(id, None)
        if waiting is None:
            return
        if isinstance(reply, AskRefused):
            waiting.errback(reply)
        else:
            waiting.callback(reply)
        asker.inboxChanged()

    def end(self) -> None:
        """
        Fail every question that is open: the connection has ended.
        """
        waiting, self._waiting = self._waiting, {}
        for each in waiting.values():
            each.errback(_lost())

    def __contains__(self, id: str | None) -> bool:
        return id in self._waiting

    def __len__(self) -> int:
        return len(self._waiting)


def checkTimeout(timeout: Any) -> None:
    """
    Check for how long a question is to wait.

    @raise UsageError: for no number of seconds above 0
    """
    if not isinstance(timeout, int | float) or not timeout > 0:
        raise UsageError(f"A question's timeout is a number of seconds above 0, not {timeout!r}.")


def _lost() -> AskRefused:
    return AskRefused(REPLY_LOST, "The connection has ended")
