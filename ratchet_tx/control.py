"""
The protocol's own events, C{socket.*}, that a peer may send: one small function each, and the table of them.

They never reach an application; what an application hears of a login, the hub tells it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from ratchet_tx.answers import Answers
from ratchet_tx.connection import Connection, Node
from ratchet_tx.coroutines import deferred, isLater
from ratchet_tx.errors import AskRefused, PeerError
from ratchet_tx.interfaces import IClient, IClientProvider
from ratchet_tx.payload import BadPayload, Payload, encodeData

#: How many logins of a connection may fail; the last of them closes it.
FAILED_LOGINS = 5

_log = Logger()

_INVALID = PeerError("auth.invalid", "Invalid access token.")
_UNAVAILABLE = PeerError("auth.unavailable", "Login is not available right now.", retry=True)


class LoginNode(Node, Protocol):
    """
    What a login needs of the hub.
    """

    clientProvider: IClientProvider
    answers: Answers

    def loggedIn(self, connection: Connection, client: IClient) -> None: ...
    def loginFailed(self, connection: Connection, refusal: PeerError) -> None: ...
    def tell(self, connection: Connection, event: str, data: Any) -> Deferred[None] | None: ...


class Control(NamedTuple):
    """
    How one of the protocol's own events is dealt with.

    @ivar run: called with the hub, the connection and the payload; what it gives, if anything, is waited for
    @ivar atOnce: whether it passes by the events that wait
    """

    run: Callable[[LoginNode, Connection, Payload], Deferred[Any] | None]
    atOnce: bool = False


class _Login(NamedTuple):
    """
    A request to be logged in, and the form in which it wants to be answered.

    @ivar token: blank for an anonymous login
    @ivar bare: whether it is the original's form, whose answers are bare too
    @ivar version: what the peer announced
    """

    payload: Payload
    token: str
    bare: bool
    version: int


def _parseLogin(payload: Payload) -> _Login:
    data = payload.data
    if data is None or isinstance(data, str):
        return _Login(payload, data or "", bare=True, version=1)
    if not isinstance(data, dict) or not isinstance(data.get("token") or "", str):
        raise BadPayload('Expected {"token": "..."}', payload.id, path="$.data.token")
    return _Login(payload, data.get("token") or "", bare=False, version=2 if data.get("v") == 2 else 1)


def _find(node: LoginNode, connection: Connection, token: str) -> Any:
    """
    Ask who somebody is, for as long as a login may take.

    @return: the client or a refusal, or a Deferred of one of them, which never fails
    """
    if not token:
        return connection.guest or _INVALID
    try:
        found = node.clientProvider.findByAccessToken(token)
    except Exception:
        return _unavailable(connection)
    if not isLater(found):
        return _checked(found, connection)
    later = deferred(found)
    if node.limits.loginSeconds:
        later.addTimeout(node.limits.loginSeconds, node.clock)
    return later.addCallbacks(_checked, lambda failure: _unavailable(connection, failure), callbackArgs=(connection,))


def _unavailable(connection: Connection, failure: Any = None) -> PeerError:
    if connection.ended:
        return _UNAVAILABLE
    if failure is not None and failure.check(defer.TimeoutError):
        _log.error("The client provider took too long for {id}", id=connection.id)
    else:
        _log.failure("The client provider failed for {id}", failure, id=connection.id)
    return _UNAVAILABLE


def _checked(found: Any, connection: Connection) -> Any:
    if found is None:
        return _INVALID
    if IClient.providedBy(found):
        return found
    _log.error(
        "The client provider gave {id} a {kind}, which does not provide IClient: put @implementer(IClient) above the class",
        id=connection.id,
        kind=type(found).__name__,
    )
    return _UNAVAILABLE


def _afterwards(found: Any, go: Callable[[Any], Deferred[Any] | None]) -> Deferred[Any] | None:
    return found.addCallback(go) if isinstance(found, Deferred) else go(found)


def login(node: LoginNode, connection: Connection, payload: Payload) -> Deferred[Any] | None:
    """
    C{socket.auth.request}: find out who it is, and answer in the form in which it was asked.
    """
    request = _parseLogin(payload)

    def decide(found: Any) -> Deferred[Any] | None:
        if connection.closing:
            return None
        if isinstance(found, PeerError):
            return _fail(node, connection, request, found)
        try:
            public = found.jsonSerialize()
            encodeData("socket.auth.success", public)
        except Exception:
            return _fail(node, connection, request, _unavailable(connection))
        return _succeed(node, connection, request, found, public)

    return _afterwards(_find(node, connection, request.token), decide)


def _succeed(node: LoginNode, connection: Connection, request: _Login, client: IClient, public: Any) -> Deferred[Any] | None:
    connection.version = max(connection.version, request.version)
    node.loggedIn(connection, client)
    if request.bare:
        data = public
    elif request.version == 2:
        data = {"client": public, **_welcome(node, connection)}
    else:
        data = {"client": public}
    connection.send("socket.auth.success", data, **_re(request.payload))
    return node.tell(connection, "socket.auth.success", {"client": public})


def _welcome(node: LoginNode, connection: Connection) -> dict[str, Any]:
    limits = node.limits
    return {
        "v": 2,
        "connection": connection.id,
        "ping": limits.pingSeconds,
        "expires": getattr(connection.client, "expires", None),
        "limits": {"messageBytes": limits.messageBytes, "rooms": limits.rooms},
    }


def _fail(node: LoginNode, connection: Connection, request: _Login, refusal: PeerError) -> Deferred[Any] | None:
    errors = [refusal.message]
    if request.bare:
        data: Any = refusal.message
    elif refusal.retry:
        data = {"errors": errors, "code": refusal.code, "retry": True}
    else:
        data = {"errors": errors}
    connection.send("socket.auth.failure", data, **_re(request.payload))
    _count(node, connection, refusal)
    return node.tell(connection, "socket.auth.failure", {"errors": errors})


def _count(node: LoginNode, connection: Connection, refusal: PeerError) -> None:
    node.loginFailed(connection, refusal)
    if refusal.retry:
        return
    connection.failedLogins += 1
    if connection.failedLogins >= FAILED_LOGINS:
        connection.close(4500, "Invalid access token")


def _re(payload: Payload) -> dict[str, Any]:
    return {} if payload.id is None else {"re": payload.id}


def refresh(node: LoginNode, connection: Connection, payload: Payload) -> Deferred[Any] | None:
    """
    C{socket.auth.refresh}: renew the token of the client that is logged in.
    """
    token = payload.data.get("token") if isinstance(payload.data, dict) else None
    if not isinstance(token, str) or not token:
        raise BadPayload('Expected {"token": "..."}', payload.id, path="$.data.token")

    def decide(found: Any) -> None:
        if connection.closing:
            return
        if isinstance(found, PeerError):
            refusal = found
        elif connection.client is None or found.id != connection.client.id:
            refusal = _INVALID
        else:
            node.loggedIn(connection, found)
            node.answers.reply(connection, payload, {"expires": getattr(found, "expires", None)})
            return
        node.answers.reply(connection, payload, None, refusal)
        _count(node, connection, refusal)

    return _afterwards(_find(node, connection, token), decide)


def ping(node: LoginNode, connection: Connection, payload: Payload) -> None:
    """
    C{socket.ping}: answer, for a browser can't see the protocol's own pings.
    """
    node.answers.reply(connection, payload, None)


def reply(node: LoginNode, connection: Connection, payload: Payload) -> None:
    """
    C{socket.reply}: bring a reply to who asked.
    """
    data, id = payload.data, payload.re
    if id is None or not isinstance(data, dict) or not isinstance(data.get("ok"), bool):
        raise BadPayload('Expected {"ok": true} or {"ok": false} and the "re" of a question', path="$.data.ok")
    connection.replied(id, data.get("result") if data["ok"] else _refusal(data.get("error")))


def _refusal(error: Any) -> AskRefused:
    facts = error if isinstance(error, dict) else {}
    return AskRefused(str(facts.get("code", "")), str(facts.get("message", "")))


#: The whole of what a peer can ask of the protocol itself.
CONTROL: dict[str, Control] = {
    "socket.auth.request": Control(login),
    "socket.auth.refresh": Control(refresh),
    "socket.ping": Control(ping, atOnce=True),
    "socket.reply": Control(reply, atOnce=True),
}
