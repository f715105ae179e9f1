"""
Runs the handlers of one event one after the other, and finds the reply.
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

#: What says to the peer that a handler failed: called with the event and the failure, it gives the refusal.
RefusalFor = Callable[[ConnectionEvent[Any], Failure], PeerError]

#: What sends the reply: called with the event, the result and the refusal, of which the refusal counts.
Answer = Callable[[ConnectionEvent[Any], Any, PeerError | None], None]


class Handlers:
    """
    How events are handled on one hub.

    The reply is the first result that isn't None, in the order of registration; a failure of any is the reply instead,
    and stops no other.

    @param refusalFor: what to do about a failure
    @param seconds: how long one event may take; 0 for as long as it likes
    @param patience: ends events that take too long
    @param always: whether an event is answered where the peer asked for no reply, and nothing is refused, too
    @param retry: what the refusal of a handler that took too long says of whether the same may succeed later
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
        self.timeouts: Timeouts[_Later] = Timeouts(seconds, patience, _Later.timeOut)

    def handle(self, event: ConnectionEvent[Any], listeners: tuple[Listener, ...], answer: Answer) -> Deferred[None] | None:
        """
        Handle an event; where no handler has to wait, nothing is made but the event.

        @param answer: what to do in the end
        @return: None where it is done; else a Deferred that fires when it is, and never fails but for being cancelled,
            which cancels what the handlers wait for
        """
        result, refusal = None, None
        for position, listener in enumerate(listeners):
            try:
                value = listener.call(event)
                if value is not None and (later := asDeferred(value)) is not None:
                    if not later.called or later.paused:
                        rest = listeners[position + 1 :]
                        return _Later(self, event, listener, answer).begin(later, rest, result, refusal)
                    value = _resultOf(later)
            # Whatever it is: sys.exit() in a handler is a failure of the handler's, and nobody else's.
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
        Make a refusal of what a handler raised; None for one that doesn't reply.
        """
        error = failure.value
        refusal = error if isinstance(error, PeerError) else self._refusalFor(event, failure)
        return refusal if listener.replies else None


def _resultOf(fired: Deferred[Any]) -> Any:
    """
    Take the result of a Deferred that has fired already, without waiting.
    """
    results: list[Any] = []
    fired.addBoth(results.append)
    if isinstance(results[0], Failure):
        results[0].raiseException()
    return results[0]


class _Later:
    """
    An event whose handlers take their time.
    """

    __slots__ = ("_answer", "_ended", "_event", "_handlers", "_listener", "_over", "_work")

    _log = Logger()

    def __init__(self, handlers: Handlers, event: ConnectionEvent[Any], listener: Listener, answer: Answer) -> None:
        self._handlers = handlers
        self._event = event
        self._listener = listener
        self._answer = answer
        self._over = False
        self._ended: Deferred[None] = Deferred(self._cancelled)
        handlers.timeouts.start(self)

    def begin(
        self, later: Deferred[Any], rest: tuple[Listener, ...], result: Any, refusal: PeerError | None
    ) -> Deferred[None]:
        """
        Wait for the first of the handlers, and then for the others.
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
                # Nobody waits for us any more.
                raise
            except BaseException:
                refused = self._refusalOf(listener, Failure())
                refusal = refusal or refused
                value = None
            later = None
            if self._over:
                return
            if result is None and listener.replies:
                result = value
        self._end(result, refusal)

    def _refusalOf(self, listener: Listener, failure: Failure) -> PeerError | None:
        if self._over and failure.check(*CANCELLED):
            return None
        return self._handlers.refusalOf(self._event, listener, failure)

    def timeOut(self) -> None:
        """
        End it: it has had its time.
        """
        connection: Connection = self._event.connection  # type: ignore[assignment]
        connection.peerLog.emit(
            self._log,
            LogLevel.warn,
            connection.remoteAddress,
            "A handler of {event} took more than {seconds} s for {id}; it is cancelled",
            event=printable(self._event.payload.event),
            seconds=self._handlers.seconds,
            id=connection.id,
        )
        # The peer is answered first and the line goes on, whatever the handler does about being cancelled.
        self._end(None, Failed(HANDLER_TIMEOUT, "It took too long", retry=self._handlers.retry))
        cancel(self._work)

    def _end(self, result: Any, refusal: PeerError | None) -> None:
        self._close()
        try:
            self._answer(self._event, result, refusal)
        finally:
            # The peer may be lost by its very answer, which cancels this.
            if not self._ended.called:
                self._ended.callback(None)

    def _cancelled(self, _: Any) -> None:
        self._close()
        cancel(self._work)

    def _close(self) -> None:
        self._over = True
        self._handlers.timeouts.stop(self)
