"""
Handles logins: finds the client of the token, and answers in the form of the request.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from twisted.internet.defer import Deferred

from ratchet_tx.connections.answers import Answers
from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.coroutines import withResult
from ratchet_tx.deferreds.lateclock import LateClock
from ratchet_tx.errors import PeerError
from ratchet_tx.interfaces import IClient
from ratchet_tx.login.expiry import secondsLeft
from ratchet_tx.login.finder import INVALID, ClientFinder, unavailable
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.settings import Limits
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.closecodes import INVALID_TOKEN
from ratchet_tx.wire.encoding import encodeData
from ratchet_tx.wire.errorcodes import PAYLOAD_INVALID
from ratchet_tx.wire.payload import Payload

#: After so many failed logins a connection is closed.
FAILED_LOGINS = 5

#: The limits in a login's answer of version 2, so that a client can keep to them.
_ANSWERED_LIMITS = ("messageBytes", "rooms", "eventsPerSecond", "eventsBurst", "dedupSeconds", "replayBytes")

_MISSHAPEN = 'Expected {"token": "..."}.'


class Identity(Protocol):
    """
    Sets the clients of connections.
    """

    def loggedIn(self, connection: Connection, client: IClient) -> bool: ...
    def loginFailed(self, connection: Connection, code: str) -> None: ...


class _Request(NamedTuple):
    """
    A login request.

    @ivar token: blank for an anonymous login; None if it isn't a str
    @ivar bare: whether it has the PHP bundle's form, a bare token; then the answer is bare too
    @ivar version: the version that the peer announced
    """

    payload: Payload
    token: str | None
    bare: bool = False
    version: int = 1


def _parse(payload: Payload) -> _Request:
    data = payload.data
    if data is None or isinstance(data, str):
        return _Request(payload, data or "", bare=True)
    if not isinstance(data, dict):
        return _Request(payload, None)
    token = data.get("token")
    if token is None:
        token = ""
    return _Request(payload, token if isinstance(token, str) else None, version=2 if data.get("v") == 2 else 1)


class Login:
    """
    Handles the logins of one node.

    @param finder: finds the client of a token
    @param identity: sets the client of the connection
    @param fire: calls the applications' handlers of a C{socket.auth.*} event
    @param answers: replies to refreshes
    @param keysName: gives the name of the memory of keys, for answers of version 2
    @param limits: some of them are in answers of version 2
    @param counters: counts refused logins
    @param clock: tells how long a login is valid
    """

    def __init__(
        self,
        finder: ClientFinder,
        identity: Identity,
        fire: Callable[[Connection, str, Any], Deferred[None] | None],
        answers: Answers,
        keysName: Callable[[], str],
        limits: Limits,
        counters: Counters,
        clock: LateClock,
    ) -> None:
        self._finder = finder
        self._identity = identity
        self._fire = fire
        self._answers = answers
        self._keysName = keysName
        self._limits = limits
        self._counters = counters
        self._clock = clock

    def request(self, connection: Connection, payload: Payload) -> Deferred[Any] | None:
        """
        C{socket.auth.request}: log the client of the token in, and answer.
        """
        request = _parse(payload)
        if request.token is None:
            return self._fail(connection, request, PeerError(PAYLOAD_INVALID, _MISSHAPEN))

        def decide(found: Any) -> Deferred[Any] | None:
            if connection.closing:
                return None
            if isinstance(found, PeerError):
                return self._fail(connection, request, found)
            try:
                public, data = self._success(connection, request, found)
            except BaseException:
                return self._fail(connection, request, unavailable(connection))
            # The application's code has run, and may have closed the connection.
            return None if connection.closing else self._succeed(connection, request, found, public, data)

        return withResult(self._finder.find(connection, request.token), decide)

    def refresh(self, connection: Connection, payload: Payload) -> Deferred[Any] | None:
        """
        C{socket.auth.refresh}: renew the login of the same client by another token.

        @raise BadPayload: if there is no token
        """
        token = payload.data.get("token") if isinstance(payload.data, dict) else None
        if not isinstance(token, str) or not token:
            raise BadPayload(_MISSHAPEN, payload.id, path="$.data.token")

        def decide(found: Any) -> None:
            if connection.closing:
                return
            if not isinstance(found, PeerError) and (connection.client is None or found.id != connection.client.id):
                found = INVALID
            if isinstance(found, PeerError):
                self._answers.refuse(connection, payload.event, payload.id, found)
                self._noteFailure(connection, found)
                return
            if not self._identity.loggedIn(connection, found):
                return
            self._answers.reply(connection, payload, {"expires": secondsLeft(found, self._clock.wall())})

        return withResult(self._finder.find(connection, token), decide)

    def _success(self, connection: Connection, request: _Request, client: IClient) -> tuple[Any, Any]:
        """
        Make and encode the answer to a successful login: all that can fail is done before anything changes.

        @return: the client's public data, and the answer's data
        """
        public = client.jsonSerialize()
        data = self._answer(connection, request, client, public)
        encodeData("socket.auth.success", data)
        return public, data

    def _answer(self, connection: Connection, request: _Request, client: IClient, public: Any) -> Any:
        if request.bare:
            return public
        if request.version == 1:
            return {"client": public}
        return {
            "client": public,
            "id": client.id,
            "guest": client is connection.guest,
            "v": 2,
            "connection": connection.id,
            "ping": self._limits.pingSeconds,
            "expires": secondsLeft(client, self._clock.wall()),
            "keys": self._keysName(),
            "limits": {name: getattr(self._limits, name) for name in _ANSWERED_LIMITS},
        }

    def _succeed(
        self, connection: Connection, request: _Request, client: IClient, public: Any, data: Any
    ) -> Deferred[Any] | None:
        """
        Log the client in. Another client's rooms are left first; the peer gets the answer before the applications' handlers.
        """
        connection.announced(request.version)
        if not self._identity.loggedIn(connection, client):
            return None
        connection.send("socket.auth.success", data, **_inReplyTo(request.payload))
        return self._fire(connection, "socket.auth.success", {"client": public})

    def _fail(self, connection: Connection, request: _Request, refusal: PeerError) -> Deferred[Any] | None:
        errors = [refusal.message]
        if request.bare:
            data: Any = refusal.message
        elif refusal.retry:
            data = {"errors": errors, "code": refusal.code, "retry": True, **refusal.facts}
        else:
            data = {"errors": errors}
        if request.version == 2 and (connection.isGuest or not refusal.retry):
            # The peer goes on as a guest or stranger, of this version: from now on it gets refusals without asking for them.
            connection.announced(2)
        if request.version == 2 and connection.isGuest:
            data["guest"] = True
        connection.send("socket.auth.failure", data, **_inReplyTo(request.payload))
        self._counters.refused[refusal.code] += 1
        self._noteFailure(connection, refusal)
        return self._fire(connection, "socket.auth.failure", {"errors": errors})

    def _noteFailure(self, connection: Connection, refusal: PeerError) -> None:
        self._identity.loginFailed(connection, refusal.code)
        if refusal is INVALID and connection.loginFailed() >= FAILED_LOGINS:
            connection.close(INVALID_TOKEN, "Invalid access token")


def _inReplyTo(payload: Payload) -> dict[str, Any]:
    return {} if payload.id is None else {"re": payload.id}
