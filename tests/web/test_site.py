"""
The web site of a port: its log and its limits.
"""

from typing import Any

import pytest

from ratchet_tx import Hub, Settings, makeService
from tests.kit.ends import MemoryReactor, Wire
from tests.kit.fakes import logged
from tests.kit.pages import CHUNKED, REFUSED, Port, chunk


def test_uploads() -> None:
    """The limit of bodies can be raised, or switched off, for uploads."""
    assert Port(bodyBytes=5000).post("Content-Length: 5000", b"x" * 5000).receive().endswith(b"5000 bytes")
    body = b"x" * (2 << 20)
    assert Port(bodyBytes=0).post(f"Content-Length: {len(body)}", body).receive().endswith(b"2097152 bytes")
    assert Port(bodyBytes=0).post(CHUNKED, chunk(body), chunk(b"")).receive().endswith(b"2097152 bytes")


@pytest.mark.parametrize(("length", "status"), [(1 << 20, b""), ((1 << 20) + 1, REFUSED)])
def test_default(length: int, status: bytes) -> None:
    """By default a body may have 1 MiB."""
    reactor = MemoryReactor()
    makeService(reactor=reactor).startService()
    wire = Wire(reactor.tcpServers[0][1])
    with logged():
        wire.send(f"POST / HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: {length}\r\n\r\n".encode())
    assert wire.receive() == status
    wire.lose()


def test_accessLog() -> None:
    """The access log has paths and statuses, and no queries, which may have secrets."""
    reactor = MemoryReactor()
    service = makeService(Settings(), reactor=reactor)
    service.startService()
    site = reactor.tcpServers[0][1]
    site.startFactory()
    with logged() as lines:
        Wire(site).get("/x?token=sesame")
    site.stopFactory()
    (line,) = lines
    assert '"GET /x" 404 ' in line
    assert line.startswith("192.0.2.7 ")
    assert "sesame" not in line


def test_escapedAccessLog() -> None:
    """A request's path can't end its log entry, nor fill the log."""
    reactor = MemoryReactor()
    makeService(Settings(), reactor=reactor).startService()
    site = reactor.tcpServers[0][1]
    site.startFactory()
    with logged() as lines:
        Wire(site).get('/"\\x')
        Wire(site).get("/" + "x" * 10_000)
    site.stopFactory()
    first, second = lines
    assert '"GET /\\"\\\\x" 404 ' in first
    assert len(second) < 500


class TestAccessLog:
    """
    The access log.
    """

    def line(self, request: bytes, **settings: Any) -> str:
        """
        Send a request, and return its log line.
        """
        reactor = MemoryReactor()
        makeService(Settings(**settings), reactor=reactor).startService()
        factory = reactor.tcpServers[0][1]
        factory.startFactory()
        with logged() as lines:
            wire = Wire(factory)
            wire.send(request)
            wire.lose()
        factory.stopFactory()
        (line,) = lines
        return line

    @pytest.mark.parametrize(
        ("path", "shown"),
        [
            (b'/" 200 1 "x', None),
            (b'/"forged"\\', rb"/\"forged\"\\"),
            ("/naïve".encode(), None),
            (b"/\xff\x9b31m", None),
            (b"/%1b%22", b"/%1b%22"),
            ("/\u202egnp\u2028".encode(), None),
            (b"/" + b"x" * 9000 + b"?secret", b"/" + b"x" * 199 + b"..."),
        ],
    )
    def test_paths(self, path: bytes, shown: bytes | None) -> None:
        """A path is escaped and cut, so that no request can fake another's line."""
        line = self.line(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.isprintable()
        assert "secret" not in line
        if shown is None:
            assert line.startswith("Refused a request: status=400 ")
        else:
            assert f'] "GET {shown.decode()}" 404 ' in line

    def test_forwarded(self) -> None:
        """The address is the peer's as a trusted proxy tells it, else the connection's."""
        request = b"GET /x HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: [2001:db8::5]:443\r\n\r\n"
        assert self.line(request).startswith("192.0.2.7 - - [")
        assert self.line(request, trustForwarded=1).startswith("2001:db8::5 - - [")

    def test_misdirected(self) -> None:
        """A request for another host is logged with the option that would allow it."""
        reactor = MemoryReactor()
        hub = Hub()
        makeService(Settings(host=("example.org",)), hub, reactor=reactor).startService()
        with logged() as lines:
            Wire(reactor.tcpServers[0][1]).send(b'GET / HTTP/1.1\r\nHost: evil.example:"80\r\n\r\n')
        assert lines[0] == (
            r'Refused a request: status=421 address=192.0.2.7 asked="evil.example:\"80" host="evil.example:\"80" trusted=0'
        )
        assert hub.counters.refused == {"http.421": 1}
