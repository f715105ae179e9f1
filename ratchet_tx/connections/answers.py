"""
Sends replies, refusals and errors to a peer.
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
from ratchet_tx.wire.errorcodes import HANDLER_FAILED
from ratchet_tx.wire.payload import Payload

#: Failures of these are logged only: else one that handles failures, and fails, would be told of itself.
_LOGGED_ONLY = ("socket.error", "socket.close")


class Answers:
    """
    The answers of one hub.

    Who sent no id is answered by nothing: a client of the original never meets a frame that it doesn't know.
    """

    _log = Logger()

    def __init__(self, counters: Counters, observers: Observers) -> None:
        self._counters = counters
        self._observers = observers
        self._report: Callable[[Connection, dict[str, Any]], Any] = lambda connection, error: None

    def whenFailed(self, report: Callable[[Connection, dict[str, Any]], Any]) -> None:
        """
        Have something called whenever a handler fails.

        @param report: takes the connection and the data of C{socket.error}; what it was before is called no more
        """
        self._report = report

    def answer(self, event: ConnectionEvent[Any], result: Any, refusal: PeerError | None) -> None:
        """
        Answer an event that its handlers are done with.

        @param refusal: counts instead of the result, if there is one
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
            # The handler gave what isn't JSON, or refused with it.
            self.refuse(connection, payload.event, payload.id, self.refusalFor(event, Failure()))

    def note(self, event: ConnectionEvent[Any], result: Any, refusal: PeerError | None) -> None:
        """
        Take notice of what came out of one of the protocol's own events: nobody asked for it, so nobody is answered.

        Where C{socket.open} is refused, the connection is closed.
        """
        if refusal is None or isinstance(refusal, Failed):
            # A failure has been logged where it was noticed.
            return
        if event.payload.event == "socket.open":
            self._turnAway(event, refusal)
        else:
            connection: Connection = event.connection  # type: ignore[assignment]
            connection.peerLog.emit(
                self._log,
                LogLevel.warn,
                connection.remoteAddress,
                "A handler of {event} refused for {id}, where there is nobody to tell: {code}",
                event=printable(event.payload.event),
                id=event.connection.id,
                code=printable(refusal.code),
            )

    def _turnAway(self, event: ConnectionEvent[Any], refusal: PeerError) -> None:
        """
        Close a connection that an application doesn't want; C{retry} says whether the peer may come again.
        """
        self._counters.refused[refusal.code] += 1
        self._observers.tell(Refused, event.connection, event.payload.event, refusal.code)
        # The transport cuts it to what fits.
        reason = str(refusal.message or refusal.code).encode(errors="replace").decode()
        event.connection.close(TRY_AGAIN_LATER if refusal.retry else KICKED, reason)

    def reply(self, connection: Connection, payload: Payload, result: Any, refusal: PeerError | None = None) -> None:
        """
        Answer a payload; it never raises, for the peer is owed an answer.

        A result that JSON can't say is logged, and answered by C{handler.failed}.

        @param refusal: counts instead of the result, if there is one
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
        Refuse something; it is counted whether or not the peer is told.

        A refusal that JSON can't say, as an application may make it, is logged, and told as C{handler.failed}.

        @param event: the refused event's name, blank where it isn't known
        @param id: the peer's id for it, if any
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
        Make the refusal for a handler that failed: it tells the peer a reference, under which the log has the exception.
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
            "The handler of {event} failed for {id} (ref {ref})",
            failure,
            event=printable(event),
            id=connection.id,
            ref=ref,
        )
        return Failed(HANDLER_FAILED, "Something went wrong", ref=ref)
