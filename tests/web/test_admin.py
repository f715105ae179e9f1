"""
The admin site.
"""

import json
from pathlib import Path

import pytest

from ratchet_tx.web.admin import AdminSite
from ratchet_tx.web.bearer import BearerToken
from tests.kit.ends import Wire
from tests.kit.fakes import clockOf, logged, startedHub


@pytest.fixture
def site(tmp_path: Path) -> AdminSite:
    path = tmp_path / "token"
    path.write_text("sesame")
    path.chmod(0o600)
    return AdminSite(startedHub(limits={"messageBytes": 1000}), BearerToken(str(path)))


def head(path: str, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Authorization: Bearer sesame", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def status(wire: Wire) -> int:
    return int(wire.receive().split(b" ")[1])


def test_paths(site: AdminSite) -> None:
    """It serves publishing and health checks, and refuses all else in JSON."""
    wire = Wire(site)
    wire.send(head("/api/publish", "Content-Length: 16") + b'{"event":"item"}')
    assert status(wire) == 200
    wire.lose()
    assert Wire(site).get("/healthz")[0] == Wire(site).get("/readyz")[0] == 200
    for path in ("/", "/api", "/api/", "/api/publish2", "/ratchet.js", "/x/y"):
        code, _, body = Wire(site).get(path)
        assert (code, json.loads(body)["error"]["code"]) == (404, "path.unknown")
    assert Wire(site).get("/api/publish")[0] == 401


def test_several(site: AdminSite) -> None:
    """A connection may have several requests."""
    wire = Wire(site)
    for _ in range(3):
        wire.send(head("/api/publish", "Content-Length: 16") + b'{"event":"item"}')
        assert status(wire) == 200
        clockOf(site).advance(0)


def test_noSockets(site: AdminSite) -> None:
    """It opens no WebSocket."""
    wire = Wire(site)
    assert wire.get("/", Upgrade="websocket", Connection="Upgrade")[0] == 404


def test_longBody(site: AdminSite) -> None:
    """A body that is too long is refused in JSON before it has come, in chunks or whole."""
    for header, body in (
        (f"Content-Length: {10**6}", b""),
        ("Transfer-Encoding: chunked", b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\nx\r\n"),
    ):
        wire = Wire(site)
        wire.send(head("/api/publish", header) + body)
        refusal, _, said = wire.receive().partition(b"\r\n\r\n")
        assert refusal.startswith(b"HTTP/1.1 413 ")
        assert b"\r\nContent-Type: application/json\r\n" in refusal
        assert json.loads(said)["error"] == {
            "code": "message.tooBig",
            "message": "At most 1000 bytes are taken.",
            "retry": False,
        }
        wire.lose()


def test_noLimit(tmp_path: Path) -> None:
    """With 0 for the limit, a body may have any length."""
    path = tmp_path / "token"
    path.write_text("sesame")
    site = AdminSite(startedHub(limits={"messageBytes": 0}), BearerToken(str(path)))
    wire = Wire(site)
    body = json.dumps({"event": "item", "data": "x" * 10**6}).encode()
    wire.send(head("/api/publish", f"Content-Length: {len(body)}") + body)
    assert status(wire) == 200


def test_oneLine(site: AdminSite) -> None:
    """A request is one log line."""
    wire = Wire(site)
    with logged() as lines:
        wire.send(head("/api/publish", "Content-Length: 16") + b'{"event":"item"}')
        wire.get("/healthz")
    assert lines == ['Event published: address=192.0.2.7 event="item" to=everyone']
