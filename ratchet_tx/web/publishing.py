"""
Publishes over HTTP: how a program without a reactor sends an event to many.

Requests and answers are JSON; a refusal has the form of the protocol's own.
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
from ratchet_tx.monitoring.httprefusals import HTTPRefusals
from ratchet_tx.monitoring.printable import quoted
from ratchet_tx.web.asker import peerOf
from ratchet_tx.web.bearer import BearerToken
from ratchet_tx.web.responses import refuse, respondJSON, tooBig
from ratchet_tx.wire.errorcodes import AUTH_INVALID, AUTH_REQUIRED, PAYLOAD_INVALID, SERVER_DRAIN
from ratchet_tx.wire.payload import KEY_LENGTH, Key, makeReader

#: For how long, in seconds, a key is remembered, and how many are.
KEY_SECONDS = 120
MOST_KEYS = 10_000

_log = Logger()


class Publication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What is to be sent, and to whom: as in L{IHub.emit<ratchet_tx.interfaces.IHub.emit>}.

    @ivar key: names it; what has been sent by the same key just now isn't sent again
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
        Tell it from all others, but for its key: the same JSON, however it is written, has the same.
        """
        what = (self.event, _alike(self.data), self.room, self.client)
        return sha256(msgspec.json.encode(what, order="sorted")).digest()


def _alike(value: Any) -> Any:
    """
    Say what JSON doesn't tell apart by one value: C{1.0} and C{1e0} are the number 1 (RFC 8259 section 6).
    """
    if type(value) is float and value == int(value):
        return int(value)
    if type(value) is list:
        return [_alike(each) for each in value]
    return {name: _alike(each) for name, each in value.items()} if type(value) is dict else value


#: By the rules that the sockets have, for what may come in here goes out there.
_decode: Callable[[bytes], Publication] = makeReader(Publication)


class Publishing(Resource):
    """
    C{POST /api/publish}: sends an event, and answers when that is done.

    @param hub: who sends it
    @param token: what a request has to show
    @param mostKeys: how many keys are remembered; the oldest is forgotten first
    """

    isLeaf = True

    def __init__(self, hub: Hub, token: BearerToken, mostKeys: int = MOST_KEYS) -> None:
        super().__init__()
        self._hub = hub
        self._refusals = HTTPRefusals(hub.counters, hub.peerLog)
        self._token = token
        self._once = Once(KEY_SECONDS, mostKeys)

    def render(self, request: Any) -> Any:
        """
        Answer a request, whatever its method.
        """
        try:
            self._admit(request)
            publication = _read(request, self._hub.limits.messageBytes)
        except PeerError as refusal:
            return refuse(self._refusals, request, refusal)
        ended = request.notifyFinish().addBoth(lambda _: None)
        published = self._publish(publication, peerOf(request))
        published.addCallback(lambda position: respondJSON(request, 200, {"ok": True, "result": position}))
        published.addErrback(lambda failure: self._refuseFailed(request, failure))
        # Nobody is there any more where it has ended by itself.
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
        # Who comes by the same key while that is being sent waits for it, too, and is refused no sooner.
        digest = publication.digest
        done = self._once.do(
            publication.key, lambda: emit().addCallback(lambda position: (digest, position)), self._hub.clock.seconds()
        )
        return done.addCallback(_positionOf, digest)

    def _published(self, position: Position | None, publication: Publication, address: str) -> Position | None:
        self._hub.peerLog.info(
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
        self._hub.peerLog.failure(_log, peerOf(request), "Publishing failed", failure)
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
    Take the key from the header, where it stands there.
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
    Give the position of what was sent by a key.

    @raise PeerError: C{key.reused}, where that was something else
    """
    if sent[0] != digest:
        raise PeerError("key.reused", "Something else has been sent by this key", path="$.key")
    return sent[1]


def _finish(request: Any, body: bytes) -> None:
    request.write(body)
    request.finish()
