"""
Logs a connection in: finds its client by the token, and answers in the form of the request.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.logger import Logger, LogLevel

from ratchet_tx.connections.answers import Answers
from ratchet_tx.connections.connection import Connection, Node
from ratchet_tx.deferreds.coroutines import asDeferred
from ratchet_tx.errors import PeerError, UsageError
from ratchet_tx.interfaces import IClient, IClientProvider
from ratchet_tx.limits.loginthrottle import MOST_SECONDS, LoginThrottle
from ratchet_tx.login.expiry import secondsLeft
from ratchet_tx.login.lookups import Lookups
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.closecodes import INVALID_TOKEN
from ratchet_tx.wire.encoding import encodeData
from ratchet_tx.wire.errorcodes import AUTH_INVALID, AUTH_UNAVAILABLE, PAYLOAD_INVALID
from ratchet_tx.wire.names import isEncodable
from ratchet_tx.wire.payload import Payload

#: How many logins of a connection may fail; the last of them closes it.
FAILED_LOGINS = 5

_log = Logger()

_INVALID = PeerError(AUTH_INVALID, "Invalid access token.")
_UNAVAILABLE = PeerError(AUTH_UNAVAILABLE, "Login is not available right now.", retry=True)
#: The reason of the close of a client that the application disconnects.
SENT_AWAY = "Disconnected by the server"

#: The limits that a peer of version 2 is told, so that it can pace itself.
_TOLD_LIMITS = ("messageBytes", "rooms", "eventsPerSecond", "eventsBurst", "dedupSeconds", "replayBytes")

_MISSHAPEN = 'Expected {"token": "..."}.'


class LoginNode(Node, Protocol):
    """
    What a login needs of the hub.
    """

    clientProvider: IClientProvider
    answers: Answers
    loginThrottle: LoginThrottle
    lookups: Lookups
    running: Any

    @property
    def keysName(self) -> str: ...
    def loggedIn(self, connection: Connection, client: IClient) -> bool: ...
    def waits(self, connection: Connection, isWaiting: bool) -> None: ...
    def loginFailed(self, connection: Connection, code: str) -> None: ...
    def fire(self, connection: Connection, event: str, data: Any) -> Deferred[None] | None: ...


class _Request(NamedTuple):
    """
    A request to be logged in, and the form in which it wants to be answered.

    @ivar token: blank for an anonymous login; None where it isn't a text
    @ivar bare: whether it is the original's form, whose answers are bare too
    @ivar version: what the peer announced
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


def login(node: LoginNode, connection: Connection, payload: Payload) -> Deferred[Any] | None:
    """
    C{socket.auth.request}: find out who it is, and say so.
    """
    request = _parse(payload)
    if request.token is None:
        return _fail(node, connection, request, PeerError(PAYLOAD_INVALID, _MISSHAPEN))

    def decide(found: Any) -> Deferred[Any] | None:
        if connection.closing:
            return None
        if isinstance(found, PeerError):
            return _fail(node, connection, request, found)
        try:
            success = _Success(node, connection, request, found)
        except BaseException:
            return _fail(node, connection, request, _unavailable(connection))
        # The application's own code has run.
        return None if connection.closing else success.apply()

    return _afterwards(_find(node, connection, request.token), decide)


def refresh(node: LoginNode, connection: Connection, payload: Payload) -> Deferred[Any] | None:
    """
    C{socket.auth.refresh}: renew the token of the client that is logged in.

    @raise BadPayload: where it has no token
    """
    token = payload.data.get("token") if isinstance(payload.data, dict) else None
    if not isinstance(token, str) or not token:
        raise BadPayload(_MISSHAPEN, payload.id, path="$.data.token")

    def decide(found: Any) -> None:
        if connection.closing:
            return
        if not isinstance(found, PeerError) and (connection.client is None or found.id != connection.client.id):
            found = _INVALID
        if isinstance(found, PeerError):
            node.answers.refuse(connection, payload.event, payload.id, found)
            _noteFailure(node, connection, found)
            return
        if not node.loggedIn(connection, found):
            return
        node.answers.reply(connection, payload, {"expires": secondsLeft(found, node.wall())})

    return _afterwards(_find(node, connection, token), decide)


def _afterwards(found: Any, go: Callable[[Any], Deferred[Any] | None]) -> Deferred[Any] | None:
    return found.addCallback(go) if isinstance(found, Deferred) else go(found)


def _find(node: LoginNode, connection: Connection, token: str) -> Any:
    """
    Ask who somebody is, as soon as the failures of others from his address let him.

    @return: the client or a refusal, or a Deferred of one of them, which fails only where it is cancelled while it waits
    """
    if not token:
        return _checked(connection.guest, node, connection)

    def find() -> Any:
        return _UNAVAILABLE if connection.closing else _ask(node, connection, token)

    return node.loginThrottle.decide(
        connection.remoteAddress,
        find,
        node.clock,
        bool(node.running),
        node.limits.loginSeconds or MOST_SECONDS,
        lambda isWaiting: node.waits(connection, isWaiting),
        isKnown=not (connection.client is None or _isGuest(connection) or connection.failedLogins),
    )


def _ask(node: LoginNode, connection: Connection, token: str) -> Any:
    """
    Ask the provider, for as long as a login may take.

    @return: the client or a refusal, or a Deferred of one of them, which never fails
    """
    try:
        found = node.clientProvider.findByAccessToken(token)
    except BaseException:
        return _unavailable(connection)
    later = asDeferred(found)
    if later is None:
        return _checked(found, node, connection)
    node.patience.limit(later, node.limits.loginSeconds)
    lookup = node.lookups.begin()
    later.addCallbacks(_checked, lambda failure: _unavailable(connection, failure), callbackArgs=(node, connection))
    return later.addCallback(_stillWelcome, node, connection, lookup)


def _stillWelcome(found: Any, node: LoginNode, connection: Connection, lookup: int) -> Any:
    """
    Close the connection of a client that was disconnected while its token was looked up.
    """
    code = None if isinstance(found, PeerError) else node.lookups.closedWith(lookup, found.id)
    node.lookups.end(lookup)
    if code is not None:
        connection.close(code, SENT_AWAY)
    return found


def _unavailable(connection: Connection, failure: Any = None) -> PeerError:
    if connection.ended:
        return _UNAVAILABLE
    if failure is not None and failure.check(defer.TimeoutError):
        _logError(connection, "The client provider took too long for {id}")
    else:
        what = "The client provider failed for {id}"
        connection.peerLog.failure(_log, connection.remoteAddress, what, failure, id=connection.id)
    return _UNAVAILABLE


def _logError(connection: Connection, what: str, **facts: Any) -> None:
    connection.peerLog.emit(_log, LogLevel.error, connection.remoteAddress, what, id=connection.id, **facts)


def _checked(found: Any, node: LoginNode, connection: Connection) -> Any:
    if found is None:
        return _INVALID
    if not isClient(found):
        _logError(
            connection,
            "The client provider gave {id} a {kind}, which is no client: "
            "put @implementer(IClient) above the class, and give it an id that is a text without lone surrogates",
            kind=type(found).__name__,
        )
        return _UNAVAILABLE
    try:
        over = secondsLeft(found, node.wall()) == 0
    except UsageError:
        return _unavailable(connection)
    return _INVALID if over else found


def isClient(found: Any) -> bool:
    """
    Say whether a provider gave a client.

    It isn't verified in full, which costs more than the rest of a login: what else it lacks, its use will tell.
    """
    id = getattr(found, "id", None)
    return IClient.providedBy(found) and isinstance(id, str) and isEncodable(id)


class _Success:
    """
    A login that is about to succeed: everything that can fail has been done before anything changes.
    """

    def __init__(self, node: LoginNode, connection: Connection, request: _Request, client: IClient) -> None:
        self._node = node
        self._connection = connection
        self._request = request
        self._client = client
        self._public = client.jsonSerialize()
        self._data = self._answer()
        encodeData("socket.auth.success", self._data)

    def _answer(self) -> Any:
        if self._request.bare:
            return self._public
        if self._request.version == 1:
            return {"client": self._public}
        return {
            "client": self._public,
            "id": self._client.id,
            "guest": self._client is self._connection.guest,
            "v": 2,
            "connection": self._connection.id,
            "ping": self._node.limits.pingSeconds,
            "expires": secondsLeft(self._client, self._node.wall()),
            "keys": self._node.keysName,
            "limits": {name: getattr(self._node.limits, name) for name in _TOLD_LIMITS},
        }

    def apply(self) -> Deferred[Any] | None:
        """
        Make it so: the rooms of somebody else are left before the peer is told, and applications hear of it after that.
        """
        connection = self._connection
        connection.version = max(connection.version, self._request.version)
        if not self._node.loggedIn(connection, self._client):
            return None
        connection.send("socket.auth.success", self._data, **_inReplyTo(self._request.payload))
        return self._node.fire(connection, "socket.auth.success", {"client": self._public})


def _fail(node: LoginNode, connection: Connection, request: _Request, refusal: PeerError) -> Deferred[Any] | None:
    errors = [refusal.message]
    if request.bare:
        data: Any = refusal.message
    elif refusal.retry:
        data = {"errors": errors, "code": refusal.code, "retry": True, **refusal.facts}
    else:
        data = {"errors": errors}
    guest = _isGuest(connection)
    if request.version == 2 and (guest or not refusal.retry):
        # The peer goes on as that guest or as a stranger, and of its version: it is told what of its events is refused.
        connection.version = 2
    if request.version == 2 and guest:
        data["guest"] = True
    connection.send("socket.auth.failure", data, **_inReplyTo(request.payload))
    node.counters.refused[refusal.code] += 1
    _noteFailure(node, connection, refusal)
    return node.fire(connection, "socket.auth.failure", {"errors": errors})


def _isGuest(connection: Connection) -> bool:
    """
    Say whether a connection is somebody's who didn't say who they are.
    """
    return connection.client is not None and connection.client is connection.guest


def _noteFailure(node: LoginNode, connection: Connection, refusal: PeerError) -> None:
    node.loginFailed(connection, refusal.code)
    if refusal is not _INVALID:
        return
    connection.failedLogins += 1
    if connection.failedLogins >= FAILED_LOGINS:
        connection.close(INVALID_TOKEN, "Invalid access token")


def _inReplyTo(payload: Payload) -> dict[str, Any]:
    return {} if payload.id is None else {"re": payload.id}
