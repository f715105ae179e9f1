"""
Publishes events over HTTP, for programs without a reactor.

Requests and responses are JSON; a refusal has the same form as in a WebSocket reply.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from ratchet_tx.deferreds.once import Once
from ratchet_tx.errors import PeerError, UsageError
from ratchet_tx.hub.hub import Hub
from ratchet_tx.hub.published import Position
from ratchet_tx.monitoring.printable import quoted
from ratchet_tx.web.asker import peerOf
from ratchet_tx.web.bearer import BearerToken
from ratchet_tx.web.responses import refuse, respondJSON, tooBig
from ratchet_tx.wire.errorcodes import AUTH_INVALID, AUTH_REQUIRED, PAYLOAD_INVALID, SERVER_DRAIN
from ratchet_tx.wire.payload import KEY_LENGTH, Key, makeReader

#: How many seconds a key is remembered, and how many keys are.
KEY_SECONDS = 120
MOST_KEYS = 10_000

_log = Logger()


class Publication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    The body of a publish request; its fields are the arguments of L{IHub.emit<ratchet_tx.interfaces.IHub.emit>}.

    @ivar key: makes the request safe to retry: each key is published once within L{KEY_SECONDS}
    """

    event: str
    data: Any = None
    room: str | None = None
    client: str | None = None
    key: Key | None = None

    def __repr__(self) -> str:
        return f"<Publication {self.event!r}>"

    @property
    def digest(self) -> bytes:
        """
        A digest of all fields but the key; the same JSON in another spelling has the same one.
        """
        what = (self.event, _alike(self.data), self.room, self.client)
        return sha256(msgspec.json.encode(what, order="sorted")).digest()


def _alike(value: Any) -> Any:
    """
    Replace floats by equal integers: C{1.0} and C{1e0} are the number 1 (RFC 8259 section 6).
    """
    if type(value) is float and value == int(value):
        return int(value)
    if type(value) is list:
        return [_alike(each) for each in value]
    return {name: _alike(each) for name, each in value.items()} if type(value) is dict else value


#: Strict as for messages of peers, because WebSocket clients must be able to read it.
_decode: Callable[[bytes], Publication] = makeReader(Publication)


class Publishing(Resource):
    """
    Serves C{POST /api/publish}: publishes an event, and responds once that is done.

    @param hub: the hub that publishes
    @param token: the token that a request must show
    @param mostKeys: how many keys are remembered; the oldest is forgotten first
    """

    isLeaf = True

    def __init__(self, hub: Hub, token: BearerToken, mostKeys: int = MOST_KEYS) -> None:
        super().__init__()
        self._hub = hub
        self._peerLog = hub.peerLog
        self._mostBytes = hub.limits.messageBytes
        self._refusals = hub.httpRefusals
        self._token = token
        self._once = Once(KEY_SECONDS, mostKeys)

    def render(self, request: Any) -> Any:
        """
        Respond to a request of any method.
        """
        try:
            self._admit(request)
            publication = _read(request, self._mostBytes)
        except PeerError as refusal:
            return refuse(self._refusals, request, refusal)
        ended = request.notifyFinish().addBoth(lambda _: None)
        published = self._publish(publication, peerOf(request))
        published.addCallback(lambda position: respondJSON(request, 200, {"ok": True, "result": position}))
        published.addErrback(lambda failure: self._refuseFailed(request, failure))
        # The peer may have closed the connection meanwhile.
        published.addCallback(lambda body: None if ended.called else _finish(request, body))
        return NOT_DONE_YET

    def _admit(self, request: Any) -> None:
        authorization = request.getHeader(b"authorization")
        if authorization is None:
            raise PeerError(AUTH_REQUIRED, "Show the token: Authorization: Bearer ...")
        if not self._token.permits(authorization):
            raise PeerError(AUTH_INVALID, "Invalid token.")
        if request.postpath:
            raise PeerError("path.unknown", "There is nothing here.")
        if request.method != b"POST":
            raise PeerError("method.unknown", "Post it.")
        if not self._hub.running:
            raise PeerError(SERVER_DRAIN, "The server is stopping.", retry=True)

    def _publish(self, publication: Publication, address: str) -> Deferred[Any]:
        def emit() -> Deferred[Any]:
            emitted = maybeDeferred(
                self._hub.emit, publication.event, publication.data, publication.room, publication.client
            )
            return emitted.addCallback(self._published, publication, address)

        if publication.key is None:
            return emit()
        # A repeat of the key waits for the first request, also if it is then refused for another body.
        digest = publication.digest
        done = self._once.do(
            publication.key, lambda: emit().addCallback(lambda position: (digest, position)), self._hub.clock.seconds()
        )
        return done.addCallback(_positionOf, digest)

    def _published(self, position: Position | None, publication: Publication, address: str) -> Position | None:
        self._peerLog.info(
            _log,
            address,
            "Event published: address={address} event={event} {receivers}",
            event=quoted(publication.event),
            receivers=_receiversOf(publication),
        )
        return position

    def _refuseFailed(self, request: Any, failure: Failure) -> bytes:
        return refuse(self._refusals, request, self._refusal(request, failure))

    def _refusal(self, request: Any, failure: Failure) -> PeerError:
        if failure.check(PeerError):
            refusal: PeerError = failure.value
            return refusal
        if failure.check(UsageError):
            return PeerError(PAYLOAD_INVALID, str(failure.value), path="$")
        self._peerLog.failure(_log, peerOf(request), "Publish failed: address={address}", failure)
        return PeerError("publish.failed", "It could not be published.", retry=True)


def _receiversOf(publication: Publication) -> str:
    if publication.client is not None:
        return f"client={quoted(publication.client)}"
    return "to=everyone" if publication.room is None else f"room={quoted(publication.room)}"


def _read(request: Any, mostBytes: int) -> Publication:
    kind = (request.getHeader(b"content-type") or b"").partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise PeerError("type.unknown", "Send JSON, and say so: Content-Type: application/json")
    body = request.content.read()
    if 0 < mostBytes < len(body):
        raise tooBig(mostBytes)
    return _keyed(_decode(body), request.getHeader(b"idempotency-key"))


def _keyed(publication: Publication, header: bytes | None) -> Publication:
    """
    Take the key from the header C{Idempotency-Key}, if there is one.
    """
    if header is None:
        return publication
    key = header.decode("utf-8", "replace").strip().strip('"')
    if not 0 < len(key) <= KEY_LENGTH or publication.key not in (None, key):
        raise PeerError(
            PAYLOAD_INVALID, f"Idempotency-Key is 1 to {KEY_LENGTH} characters, and there is one key", path="$.key"
        )
    return msgspec.structs.replace(publication, key=key)


def _positionOf(sent: tuple[bytes, Any], digest: bytes) -> Any:
    """
    Give the position of the event that was published with a key.

    @raise PeerError: C{key.reused}, if that was another event
    """
    if sent[0] != digest:
        raise PeerError("key.reused", "Something else has been sent by this key", path="$.key")
    return sent[1]


def _finish(request: Any, body: bytes) -> None:
    request.write(body)
    request.finish()
