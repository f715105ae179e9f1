"""
Matches a peer's replies to the questions that L{IConnection.ask<ratchet_tx.interfaces.IConnection.ask>} sent.
"""

from typing import Any, Protocol

from twisted.internet.defer import Deferred

from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.errors import AskRefused, UsageError
from ratchet_tx.wire.errorcodes import REPLY_LOST, REPLY_TIMEOUT


class Asker(Protocol):
    """
    A connection that sends questions.
    """

    closing: bool

    def send(self, event: str, data: Any, **keys: Any) -> None: ...
    def inboxChanged(self) -> None: ...


class Questions:
    """
    One connection's questions that wait for replies.

    Their ids are C{s1}, C{s2} and so on: strings, so that they differ from the peer's own ids, which are numbers.

    The connection is an argument of each call and not kept, because that would be a reference cycle.
    """

    __slots__ = ("_asked", "_waiting")

    def __init__(self) -> None:
        self._asked = 0
        self._waiting: dict[str, Deferred[Any]] = {}

    def ask(self, asker: Asker, patience: Patience, event: str, data: Any, timeout: float) -> Deferred[Any]:
        """
        Send a question, and wait for its reply.

        @param patience: for the timeout
        @param timeout: how many seconds to wait
        @return: a Deferred of the reply's result; it fails with L{AskRefused}
        @raise UsageError: for data that can't be encoded as JSON
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
        Give a reply to the question that waits for it; a late or unknown reply is dropped.

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
        Fail all questions, because the connection has ended.
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
    Check the timeout of a question.

    @raise UsageError: if it isn't a number of seconds above 0
    """
    if not isinstance(timeout, int | float) or not timeout > 0:
        raise UsageError(f"A question's timeout is a number of seconds above 0, not {timeout!r}.")


def _lost() -> AskRefused:
    return AskRefused(REPLY_LOST, "The connection has ended")
