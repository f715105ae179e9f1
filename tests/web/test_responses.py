"""
Responses: text, JSON and refusals.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.web.resource import Resource
from twisted.web.server import Site

from ratchet_tx import PeerError
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.httprefusals import HTTPRefusals
from ratchet_tx.monitoring.peerlog import PeerLog
from ratchet_tx.web.responses import asBody, refuse, respondJSON, respondText, tooBig
from tests.kit.ends import Wire
from tests.kit.fakes import logged


class Page(Resource):
    """
    A page whose response a test makes.
    """

    isLeaf = True

    def __init__(self, respond: Callable[[Any], bytes]) -> None:
        super().__init__()
        self._respond = respond

    def render(self, request: Any) -> bytes:
        return self._respond(request)


def sent(respond: Callable[[Any], bytes], method: str = "GET") -> tuple[list[str], bytes]:
    """
    Take a response: the lines of its head, and its body.
    """
    wire = Wire(Site(Page(respond), reactor=Clock()))
    wire.send(f"{method} / HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head, _, body = wire.receive().partition(b"\r\n\r\n")
    return head.decode().split("\r\n"), body


def test_text() -> None:
    """A text is sent with its length, and may not be cached."""
    head, body = sent(lambda request: respondText(request, 503, "ü\n"))
    assert head[0] == "HTTP/1.1 503 Service Unavailable"
    assert {"Content-Type: text/plain; charset=utf-8", "Content-Length: 3", "Cache-Control: no-store"} <= set(head)
    assert body == "ü\n".encode()


def test_head() -> None:
    """A HEAD gets the same head without the body."""
    head, body = sent(lambda request: respondJSON(request, 200, {"ok": True}), "HEAD")
    assert {"Content-Type: application/json", "Content-Length: 11"} <= set(head)
    assert body == b""


@pytest.mark.parametrize(
    ("code", "line", "header"),
    [
        ("auth.invalid", "401 Unauthorized", 'WWW-Authenticate: Bearer realm="ratchet"'),
        ("method.unknown", "405 Method Not Allowed", "Allow: POST"),
        ("key.reused", "422 Unprocessable Content", "Cache-Control: no-store"),
        ("server.drain", "503 Service Unavailable", "Retry-After: 5"),
        ("whatever.else", "400 Bad Request", "Cache-Control: no-store"),
    ],
)
def test_refusal(code: str, line: str, header: str) -> None:
    """A refusal has the status and the headers of its code, is counted, and is one log line."""
    refusal = PeerError(code, "No.", retry=True, path="$")
    counters = Counters()
    with logged() as lines:
        head, body = sent(lambda request: refuse(HTTPRefusals(counters, PeerLog()), request, refusal))
    assert head[0] == f"HTTP/1.1 {line}"
    assert header in head
    assert json.loads(body) == {"ok": False, "error": {"code": code, "message": "No.", "retry": True, "path": "$"}}
    assert body == asBody(refusal)
    status = line.split()[0]
    assert lines[0] == f"Refused a publish: status={status} address=192.0.2.7 code={code}"
    assert counters.refused == {f"http.{status}": 1}


def test_tooBig() -> None:
    """The refusal of a body that is too long says how long it may be."""
    assert (tooBig(1000).code, tooBig(1000).message) == ("message.tooBig", "At most 1000 bytes are taken.")
