"""
Giving one event to its handlers, one after the other, and finding what the reply is; it doesn't know how a reply is sent.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from ratchet_tx.applications import Listener
from ratchet_tx.connection import ConnectionEvent
from ratchet_tx.coroutines import CANCELLED, deferred, isLater
from ratchet_tx.errors import PeerError

#: What says to the peer that a handler failed: called with the event and the failure, it gives the refusal.
Failed = Callable[[ConnectionEvent[Any], Failure], PeerError]

#: What sends the reply: called with the event, the result and the refusal, of which the refusal counts.
Answer = Callable[[ConnectionEvent[Any], Any, PeerError | None], None]


class Handlers:
    """
    How events are handled on one hub.

    The reply is the first result that isn't None, in the order of registration; a failure of any is the reply instead,
    and stops no other.

    @param failed: what to do about a failure
    @param answer: what to do in the end
    @param seconds: how long one event may take; 0 for as long as it likes
    """

    def __init__(self, failed: Failed, answer: Answer, seconds: float) -> None:
        self.failed = failed
        self.answer = answer
        self.seconds = seconds

    def handle(
        self, event: ConnectionEvent[Any], listeners: tuple[Listener, ...], clock: IReactorTime
    ) -> Deferred[None] | None:
        """
        Handle an event; where every handler is done at once, nothing is made but the event.

        @return: None where it is done; else a Deferred that fires when it is, and never fails but for being cancelled,
            which cancels what the handlers wait for
        """
        result, refusal = None, None
        for position, listener in enumerate(listeners):
            try:
                value = listener.call(event)
            except Exception:
                refused = self.refuse(event, listener, Failure())
                refusal = refusal or refused
                continue
            if value is None:
                continue
            if isLater(value):
                rest = listeners[position:]
                return _Later(self, event, clock).begin(rest, value, result, refusal)
            if result is None and listener.replies:
                result = value
        self.answer(event, result, refusal)
        return None

    def refuse(self, event: ConnectionEvent[Any], listener: Listener, failure: Failure) -> PeerError | None:
        """
        Make a refusal of what a handler raised.
        """
        error = failure.value
        refusal = error if isinstance(error, PeerError) else self.failed(event, failure)
        return refusal if listener.replies else None


class _Later:
    """
    An event whose handlers take their time.
    """

    __slots__ = ("_ended", "_event", "_handlers", "_over", "_timer", "_work")

    def __init__(self, handlers: Handlers, event: ConnectionEvent[Any], clock: IReactorTime) -> None:
        self._handlers = handlers
        self._event = event
        self._over = False
        self._ended: Deferred[None] = Deferred(self._cancelled)
        self._timer: IDelayedCall | None = None
        if handlers.seconds:
            self._timer = clock.callLater(handlers.seconds, self._timeOut)

    def begin(self, listeners: tuple[Listener, ...], value: Any, result: Any, refusal: PeerError | None) -> Deferred[None]:
        self._work = Deferred.fromCoroutine(self._run(listeners, value, result, refusal))
        return self._ended

    async def _run(self, listeners: tuple[Listener, ...], value: Any, result: Any, refusal: PeerError | None) -> None:
        for position, listener in enumerate(listeners):
            try:
                if position:
                    value = listener.call(self._event)
                if isLater(value):
                    value = await deferred(value)
            except (Exception, *CANCELLED):
                refused = self._refuse(listener, Failure())
                refusal = refusal or refused
                value = None
            if self._over:
                return
            if result is None and listener.replies:
                result = value
        self._end(result, refusal)

    def _refuse(self, listener: Listener, failure: Failure) -> PeerError | None:
        if self._over and failure.check(*CANCELLED):
            return None
        return self._handlers.refuse(self._event, listener, failure)

    def _timeOut(self) -> None:
        self._timer = None
        # The peer is answered first and the line goes on, whatever the handler does about being cancelled.
        self._end(None, PeerError("handler.timeout", "It took too long", retry=True))
        self._work.cancel()

    def _end(self, result: Any, refusal: PeerError | None) -> None:
        self._close()
        self._handlers.answer(self._event, result, refusal)
        self._ended.callback(None)

    def _cancelled(self, _: Any) -> None:
        self._close()
        self._work.cancel()

    def _close(self) -> None:
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
