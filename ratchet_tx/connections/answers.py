"""
Sends replies and refusals to peers, and logs handlers that fail.
"""

from collections.abc import Callable
from secrets import token_hex
from typing import Any

from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from ratchet_tx.applications.event import ConnectionEvent
from ratchet_tx.connections.connection import Connection
from ratchet_tx.errors import Failed, PeerError, UsageError
from ratchet_tx.happenings import HandlerFailed, Refused
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.observers import Observers
from ratchet_tx.monitoring.printable import printable
from ratchet_tx.wire.closecodes import KICKED, TRY_AGAIN_LATER
from ratchet_tx.wire.errorcodes import AUTH_REQUIRED, HANDLER_FAILED
from ratchet_tx.wire.payload import Payload

#: Failures of these events' handlers are only logged: a C{socket.error} handler that fails must not be called for that.
_LOGGED_ONLY = ("socket.error", "socket.close")


class Answers:
    """
    Answers the events of one hub's peers.

    An event without an C{id} gets no reply, so that a minimal client needs only C{event} and C{data}.
    """

    _log = Logger()

    def __init__(self, counters: Counters, observers: Observers) -> None:
        self._counters = counters
        self._observers = observers
        self._report: Callable[[Connection, dict[str, Any]], Any] = lambda connection, error: None

    def whenFailed(self, report: Callable[[Connection, dict[str, Any]], Any]) -> None:
        """
        Set what is called when a handler fails.

        @param report: called with the connection and the data of C{socket.error}; it replaces an earlier one
        """
        self._report = report

    def answer(self, event: ConnectionEvent[Any], result: Any, refusal: PeerError | None) -> None:
        """
        Answer an event whose handlers are done.

        @param refusal: sent instead of the result, if there is one
        """
        payload = event.payload
        if payload.id is None and refusal is None:
            return
        connection: Connection = event.connection  # type: ignore[assignment]
        try:
            if refusal is None:
                connection.send("socket.reply", {"ok": True, "result": result}, re=payload.id)
            else:
                self._refuse(connection, payload.event, payload.id, refusal)
        except UsageError:
            # The result, or a fact of the refusal, can't be encoded as JSON.
            self.refuse(connection, payload.event, payload.id, self.refusalFor(event, Failure()))

    def ownEventDone(self, event: ConnectionEvent[Any], result: Any, refusal: PeerError | None) -> None:
        """
        Finish one of the hub's own events whose handlers are done: no peer asked for it, so none gets an answer.

        If C{socket.open} is refused, the connection is closed. Another refusal is logged.
        """
        if refusal is None or isinstance(refusal, Failed):
            # A failure has been logged already.
            return
        if event.payload.event == "socket.open":
            self._closeRefused(event, refusal)
        else:
            connection: Connection = event.connection  # type: ignore[assignment]
            connection.peerLog.emit(
                self._log,
                LogLevel.warn,
                connection.remoteAddress,
                "Handler refused an event that no peer sent: event={event} code={code} id={id}",
                event=printable(event.payload.event),
                id=event.connection.id,
                code=printable(refusal.code),
            )

    def _closeRefused(self, event: ConnectionEvent[Any], refusal: PeerError) -> None:
        """
        Close a connection whose C{socket.open} was refused; C{retry} says whether the peer may reconnect.
        """
        self._counters.refused[refusal.code] += 1
        self._observers.tell(Refused, event.connection, event.payload.event, refusal.code)
        # The transport cuts the reason to the bytes that fit.
        reason = str(refusal.message or refusal.code).encode(errors="replace").decode()
        event.connection.close(TRY_AGAIN_LATER if refusal.retry else KICKED, reason)

    def reply(self, connection: Connection, payload: Payload, result: Any, refusal: PeerError | None = None) -> None:
        """
        Answer a payload; it never raises, so the peer always gets its answer.

        A result that can't be encoded as JSON is logged, and answered by C{handler.failed}.

        @param refusal: sent instead of the result, if there is one
        """
        if refusal is not None:
            return self.refuse(connection, payload.event, payload.id, refusal)
        if payload.id is None:
            return
        try:
            connection.send("socket.reply", {"ok": True, "result": result}, re=payload.id)
        except UsageError:
            self.refuse(connection, payload.event, payload.id, self._failed(connection, payload.event, Failure()))

    def refuse(self, connection: Connection, event: str, id: int | None, refusal: PeerError) -> None:
        """
        Refuse an event; it is counted, whether or not the peer gets a frame.

        A refusal that can't be encoded as JSON is logged, and sent as C{handler.failed}.

        @param event: the event's name; blank if it isn't known
        @param id: the event's C{id}, if any
        """
        try:
            self._refuse(connection, event, id, refusal)
        except UsageError:
            self._refuse(connection, event, id, self._failed(connection, event, Failure()))

    def _refuse(self, connection: Connection, event: str, id: int | None, refusal: PeerError) -> None:
        if id is not None:
            connection.send("socket.reply", {"ok": False, "error": refusal.asJSON()}, re=id)
        elif connection.version == 2:
            connection.send("socket.refused", {"event": event, "code": refusal.code, "message": refusal.message})
        self._counters.refused[refusal.code] += 1
        self._observers.tell(Refused, connection, event, refusal.code)

    def refusalFor(self, event: ConnectionEvent[Any], failure: Failure) -> PeerError:
        """
        Log a handler that failed, and make the refusal: it has only a reference, by which the exception is found in the log.
        """
        name = event.payload.event
        connection: Connection = event.connection  # type: ignore[assignment]
        refusal = self._failed(connection, name, failure)
        ref = refusal.facts["ref"]
        if name not in _LOGGED_ONLY and not connection.ended:
            self._observers.tell(HandlerFailed, connection, name, ref, failure)
            self._report(connection, {"event": name, "code": refusal.code, "ref": ref})
        return refusal

    def _failed(self, connection: Connection, event: str, failure: Failure) -> PeerError:
        ref = token_hex(6)
        self._counters.failures += 1
        connection.peerLog.failure(
            self._log,
            connection.remoteAddress,
            "Handler failed: event={event} ref={ref} id={id}",
            failure,
            event=printable(event),
            id=connection.id,
            ref=ref,
        )
        return Failed(HANDLER_FAILED, "Something went wrong", ref=ref)


def loginRequired() -> PeerError:
    """
    Make the refusal for a stranger.
    """
    return PeerError(AUTH_REQUIRED, "Log in first")


def requireClient(connection: Connection) -> None:
    """
    Check that a client is logged in.

    @raise PeerError: C{auth.required} for a stranger
    """
    if connection.client is None:
        raise loginRequired()
