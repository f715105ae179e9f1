"""
Writes whole responses, which may not be cached: text, JSON, or a refusal in the form of a WebSocket reply.
"""

from typing import Any

import msgspec

from ratchet_tx.errors import PeerError
from ratchet_tx.monitoring.httprefusals import HTTPRefusals
from ratchet_tx.web.asker import peerOf
from ratchet_tx.wire.errorcodes import AUTH_INVALID, AUTH_REQUIRED, RATE_LIMITED, SERVER_DRAIN

#: The HTTP status of each error code; all others have 400.
_STATUS = {
    AUTH_REQUIRED: 401,
    AUTH_INVALID: 401,
    "path.unknown": 404,
    "method.unknown": 405,
    "message.tooBig": 413,
    "type.unknown": 415,
    # The draft of the Idempotency-Key header, section 2.7.
    "key.reused": 422,
    RATE_LIMITED: 429,
    "publish.failed": 503,
    SERVER_DRAIN: 503,
}

#: Reason phrases that twisted.web lacks (RFC 9110 section 15.5.21).
_PHRASES = {422: b"Unprocessable Content"}

_HEADERS = {
    401: (b"www-authenticate", b'Bearer realm="ratchet"'),
    405: (b"allow", b"POST"),
    503: (b"retry-after", b"5"),
}


def respond(request: Any, status: int, kind: bytes, body: bytes) -> bytes:
    """
    Set status and headers of a response.

    @param kind: the Content-Type
    @return: the body to write; blank for a C{HEAD}
    """
    request.setResponseCode(status, _PHRASES.get(status))
    request.setHeader(b"content-type", kind)
    request.setHeader(b"cache-control", b"no-store")
    request.setHeader(b"content-length", b"%d" % len(body))
    return b"" if request.method == b"HEAD" else body


def respondText(request: Any, status: int, text: str) -> bytes:
    """
    Make a response of plain text, as L{respond} does.
    """
    return respond(request, status, b"text/plain; charset=utf-8", text.encode())


def respondJSON(request: Any, status: int, said: Any) -> bytes:
    """
    Make a response of JSON, as L{respond} does.
    """
    return respond(request, status, b"application/json", msgspec.json.encode(said))


def refuse(refusals: HTTPRefusals, request: Any, refusal: PeerError) -> bytes:
    """
    Refuse a publish, with the status of the refusal's code.

    @param refusals: counts and logs it
    """
    status = _STATUS.get(refusal.code, 400)
    if status in _HEADERS:
        request.setHeader(*_HEADERS[status])
    refusals.note("publish", peerOf(request), status, f"code={refusal.code}")
    return respondJSON(request, status, _said(refusal))


def _said(refusal: PeerError) -> dict[str, Any]:
    return {"ok": False, "error": refusal.asJSON()}


def asBody(refusal: PeerError) -> bytes:
    """
    Encode a refusal as the body of a response.
    """
    return msgspec.json.encode(_said(refusal))


def tooBig(mostBytes: int) -> PeerError:
    """
    Make the refusal of a body that is too long.
    """
    return PeerError("message.tooBig", f"At most {mostBytes} bytes are taken.")
