"""
Runs the handlers of one event one after the other, and answers with their result.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from ratchet_tx.applications.event import ConnectionEvent
from ratchet_tx.applications.routes import Listener
from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.coroutines import CANCELLED, asDeferred, cancel
from ratchet_tx.deferreds.timeouts import Patience, Timeouts
from ratchet_tx.errors import Failed, PeerError
from ratchet_tx.monitoring.printable import printable
from ratchet_tx.wire.errorcodes import HANDLER_TIMEOUT

#: Makes the refusal for a handler that failed, from the event and the failure.
RefusalFor = Callable[[ConnectionEvent[Any], Failure], PeerError]

#: Answers an event, with the refusal, or else with the result.
Answer = Callable[[ConnectionEvent[Any], Any, PeerError | None], None]


class Handlers:
    """
    Runs the handlers of events.

    The reply is the first result that isn't None, in the order of the handlers. If a handler fails, the others still run,
    and the reply is the refusal.

    @param refusalFor: makes the refusal for a failure
    @param seconds: how long the handlers of one event may take; 0 for no limit
    @param patience: ends events that take too long
    @param always: whether C{answer} is called even if the peer asked for no reply and nothing is refused
    @param retry: the C{retry} of the refusal of a handler that took too long
    """

    def __init__(
        self,
        refusalFor: RefusalFor,
        seconds: float,
        patience: Patience,
        always: bool = False,
        retry: bool = True,
    ) -> None:
        self._refusalFor = refusalFor
        self.seconds = seconds
        self._always = always
        self.retry = retry
        self.timeouts: Timeouts[_Unfinished] = Timeouts(seconds, patience, _Unfinished.timeOut)

    def handle(self, event: ConnectionEvent[Any], listeners: tuple[Listener, ...], answer: Answer) -> Deferred[None] | None:
        """
        Handle an event.

        @param answer: called when the handlers are done
        @return: None if they are done; else a Deferred that fires when they are, and fails only if it is cancelled, which
            cancels what the handlers wait for
        """
        result, refusal = None, None
        for position, listener in enumerate(listeners):
            try:
                value = listener.call(event)
                if value is not None and (later := asDeferred(value)) is not None:
                    if not later.called or later.paused:
                        rest = listeners[position + 1 :]
                        return _Unfinished(self, event, listener, answer).begin(later, rest, result, refusal)
                    value = _resultOf(later)
            # BaseException, because sys.exit() in a handler must end that handler only.
            except BaseException:
                refused = self.refusalOf(event, listener, Failure())
                refusal = refusal or refused
                continue
            if result is None and listener.replies:
                result = value
        if refusal is not None or event.payload.id is not None or self._always:
            answer(event, result, refusal)
        return None

    def refusalOf(self, event: ConnectionEvent[Any], listener: Listener, failure: Failure) -> PeerError | None:
        """
        Make the refusal for what a handler raised; None for a handler that doesn't reply.
        """
        error = failure.value
        refusal = error if isinstance(error, PeerError) else self._refusalFor(event, failure)
        return refusal if listener.replies else None


def _resultOf(fired: Deferred[Any]) -> Any:
    """
    Take the result of a Deferred that has fired.
    """
    results: list[Any] = []
    fired.addBoth(results.append)
    if isinstance(results[0], Failure):
        results[0].raiseException()
    return results[0]


class _Unfinished:
    """
    An event whose handlers have to wait for something.
    """

    __slots__ = ("_answer", "_ended", "_event", "_handlers", "_isDone", "_listener", "_work")

    _log = Logger()

    def __init__(self, handlers: Handlers, event: ConnectionEvent[Any], listener: Listener, answer: Answer) -> None:
        self._handlers = handlers
        self._event = event
        self._listener = listener
        self._answer = answer
        self._isDone = False
        self._ended: Deferred[None] = Deferred(self._cancelled)
        handlers.timeouts.start(self)

    def begin(
        self, later: Deferred[Any], rest: tuple[Listener, ...], result: Any, refusal: PeerError | None
    ) -> Deferred[None]:
        """
        Wait for the handler that was called, and then call the others.
        """
        self._work = Deferred.fromCoroutine(self._run(later, rest, result, refusal))
        return self._ended

    async def _run(self, later: Any, rest: tuple[Listener, ...], result: Any, refusal: PeerError | None) -> None:
        for listener in (self._listener, *rest):
            try:
                value = later if later is not None else listener.call(self._event)
                later = asDeferred(value)
                if later is not None:
                    value = await later
            except GeneratorExit:
                # The coroutine was closed, so nothing is answered.
                raise
            except BaseException:
                refused = self._refusalOf(listener, Failure())
                refusal = refusal or refused
                value = None
            later = None
            if self._isDone:
                return
            if result is None and listener.replies:
                result = value
        self._end(result, refusal)

    def _refusalOf(self, listener: Listener, failure: Failure) -> PeerError | None:
        if self._isDone and failure.check(*CANCELLED):
            return None
        return self._handlers.refusalOf(self._event, listener, failure)

    def timeOut(self) -> None:
        """
        Answer with a refusal and cancel the handlers, because they took too long.
        """
        connection: Connection = self._event.connection  # type: ignore[assignment]
        connection.peerLog.emit(
            self._log,
            LogLevel.warn,
            connection.remoteAddress,
            "Handler cancelled, it took too long: event={event} seconds={seconds} id={id}",
            event=printable(self._event.payload.event),
            seconds=self._handlers.seconds,
            id=connection.id,
        )
        # First: a handler may ignore that it is cancelled, and the peer and its next events mustn't wait for it.
        self._end(None, Failed(HANDLER_TIMEOUT, "It took too long", retry=self._handlers.retry))
        cancel(self._work)

    def _end(self, result: Any, refusal: PeerError | None) -> None:
        self._markDone()
        try:
            self._answer(self._event, result, refusal)
        finally:
            # Sending the answer may lose the peer, which cancels this.
            if not self._ended.called:
                self._ended.callback(None)

    def _cancelled(self, _: Any) -> None:
        self._markDone()
        cancel(self._work)

    def _markDone(self) -> None:
        self._isDone = True
        self._handlers.timeouts.stop(self)
