"""
The HTTP connections of a site: their heads, and how they end.
"""

import re
from typing import Any

import pytest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from ratchet_tx.transport.sockets.closing import LINGER_SECONDS
from tests.kit.ends import Wire
from tests.kit.fakes import logged
from tests.kit.pages import FIRST, Port, later
from tests.kit.wire import event, handshake


@pytest.mark.parametrize("header", ["Content-Length: " + "9" * 5000, "Content-Length: -1", "Transfer-Encoding: x"])
def test_badLengths(header: str) -> None:
    """A malformed Content-Length is refused with 400, and nothing fails."""
    port = Port()
    with logged() as lines:
        wire = port.post(header)
    assert wire.receive().startswith(b"HTTP/1.1 400 ")
    assert wire.transport.disconnecting
    assert "Traceback" not in "".join(lines)


def test_slowLoris() -> None:
    """Each head has the same timeout, also that of a later request; between two there is more time."""
    port = Port()
    wire = port.post("Content-Length: 1", b"x")
    port.reactor.advance(20)
    assert wire.receive().endswith(b"1 bytes")
    for byte in b"POST ":
        wire.send(bytes([byte]))
        port.reactor.advance(0.9)
    assert not wire.transport.disconnecting
    port.reactor.advance(0.6)
    assert wire.receive().startswith(b"HTTP/1.1 408 ")
    assert wire.transport.disconnecting
    assert port.hub.counters.refused == {"http.408": 1}


def test_headsInTime() -> None:
    """A peer that sends later heads in time, and takes longer for a body, is served."""
    port = Port()
    wire = port.post("Content-Length: 1", b"x")
    wire.receive()
    wire.send(b"POST / HTTP/1.1\r\nHost: localhost:8080\r\n")
    port.reactor.advance(4)
    wire.send(b"Content-Length: 2\r\n\r\nx")
    port.reactor.pump([1] * 9)
    wire.send(b"y")
    assert wire.receive().endswith(b"2 bytes")
    wire.send(b"POST")
    wire.lose()
    assert port.hub.counters.refused == {}


def test_oneAfterTheOther() -> None:
    """Requests that come in one chunk are answered one per turn of the reactor."""
    port = Port()
    turns: list[bytes] = []

    def turn() -> None:
        turns.append(wire.receive()[-7:])
        if len(turns) < 4:
            port.reactor.callLater(0, turn)

    again = b"POST / HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 2\r\n\r\nxx"
    wire = port.post("Content-Length: 1")
    wire.protocol.dataReceived(b"x" + again * 3)
    turn()
    port.reactor.advance(0)
    assert turns == [b"1 bytes", b"2 bytes", b"2 bytes", b"2 bytes"]
    wire.send(again)
    wire.lose()
    port.reactor.advance(0)


class TestLaterHeads:
    @pytest.mark.parametrize("first", FIRST.values(), ids=FIRST)
    def test_upgrade(self, first: bytes) -> None:
        """Any request of a connection may be a WebSocket handshake."""
        port = Port()
        wire = later(port, first)
        port.reactor.advance(0)
        wire.receive()
        wire.open()
        wire.send(event("socket.ping", id=1))
        assert wire.frames()[0].json["re"] == 1
        assert len(port.hub.connections) == 1
        wire.lose()
        assert not port.hub.connections

    @pytest.mark.parametrize("first", FIRST.values(), ids=FIRST)
    def test_atOnce(self, first: bytes) -> None:
        """A handshake may come in one chunk with earlier requests, which are answered first."""
        port = Port()
        wire = Wire(port.factory)
        with logged():
            wire.send(first + handshake())
            for _ in range(2):
                port.reactor.advance(0)
        answers = wire.receive()
        assert b"HTTP/1.1 101 " in answers
        assert not answers.startswith(b"HTTP/1.1 101 ")
        wire.send(event("socket.ping", id=1))
        assert wire.frames()[0].json["re"] == 1
        wire.lose()

    @pytest.mark.parametrize(
        ("lines", "status"),
        [
            (b"X: a\r\n b", 400),
            (b"X: a\nY: b", 400),
            (b"X: a\x00b", 400),
            (b"Host: other", 400),
            (b"Origin: http://a\r\nOrigin: http://b", 400),
            (b"X: " + b"y" * 20_000, 431),
            (b"\r\n".join([b"X: y"] * 64), 431),
        ],
        ids=["folded", "lf", "nul", "hosts", "origins", "bytes", "count"],
    )
    @pytest.mark.parametrize("text", [FIRST["get"], handshake()], ids=["page", "socket"])
    def test_bounds(self, text: bytes, lines: bytes, status: int) -> None:
        """A later head has the limits of the first, and is refused, logged and counted in the same way."""
        port = Port()
        wire = later(port)
        with logged() as said:
            wire.send(text[:-2] + lines + b"\r\n\r\n")
            wire.send(b"more")
        assert wire.receive() == f"HTTP/1.1 {status} ".encode() + reasoned(status)
        assert port.hub.counters.refused == {f"http.{status}": 1}
        (line,) = said
        assert re.fullmatch(rf'Refused a request: status={status} address=192\.0\.2\.7 why="[^"]{{9,}}"', line)
        assert wire.transport.disconnecting

    def test_notAllowed(self) -> None:
        """A later handshake is refused like a first one."""
        wire = later(Port())
        wire.send(handshake(Origin="http://evil.example"))
        assert wire.receive().startswith(b"HTTP/1.1 403 ")
        assert wire.transport.disconnecting

    def test_idle(self) -> None:
        """An idle connection is closed without a log line."""
        port = Port()
        wire = later(port)
        with logged() as said:
            port.reactor.advance(100)
        assert wire.receive() == b""
        assert wire.transport.disconnecting
        assert said == []
        assert port.hub.counters.refused == {}

    def test_lastRequest(self) -> None:
        """Nothing is read after a last request."""
        for first in (b"GET /a HTTP/1.0\r\n\r\n", b"GET /a HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n"):
            port = Port()
            wire = later(port, first)
            assert wire.transport.disconnecting
            wire.send(handshake())
            assert wire.receive() == b""

    def test_badChunk(self) -> None:
        """A body in malformed chunks is refused with 400 and one log line."""
        port = Port()
        wire = Wire(port.factory)
        with logged() as said:
            wire.send(b"POST /a HTTP/1.1\r\nHost: localhost:8080\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        assert wire.receive().startswith(b"HTTP/1.1 400 ")
        assert said == ['Refused a request: status=400 address=192.0.2.7 why="twisted.web can\'t read the request"']
        wire.lose()


def reasoned(status: int) -> bytes:
    reason = {400: b"Bad Request", 431: b"Request Header Fields Too Large"}[status]
    return reason + b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class TestEnds:
    def test_slowBody(self) -> None:
        """A body slower than 1 KiB a second is refused after a while; a slightly faster one is read."""
        port = Port(bodyBytes=0)
        slow = port.post("Content-Length: 100000")
        fast = port.post("Content-Length: 100000")
        with logged() as lines:
            for _ in range(30):
                if not slow.transport.disconnecting:
                    slow.send(b"x" * 500)
                fast.send(b"x" * 1100)
                port.reactor.advance(1)
        assert slow.receive().startswith(b"HTTP/1.1 408 ")
        assert lines == ['Refused a request: status=408 address=192.0.2.7 why="the body comes too slowly"']
        assert slow.transport.aborted
        assert not fast.transport.disconnecting
        for wire in (slow, fast):
            wire.lose()

    @pytest.mark.parametrize("first", [b"", FIRST["get"]])
    def test_stays(self, first: bytes) -> None:
        """A peer that stays after a refusal, or after its last response, is dropped."""
        port = Port()
        for last in (b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nX: a\x00\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n" * 2):
            wire = Wire(port.factory)
            with logged():
                if first:
                    wire.send(first)
                    port.reactor.advance(0)
                wire.send(last)
                port.reactor.pump([0, 60])
                assert wire.transport.disconnecting
                port.reactor.advance(LINGER_SECONDS)
            assert wire.transport.aborted
            wire.lose()

    def test_lostBeforeTheNext(self) -> None:
        """A peer that leaves at the last response isn't closed or dropped again."""
        port = Port()
        wire = Wire(port.factory)
        with logged():
            wire.protocol.dataReceived(b"GET / HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n")
            assert wire.receive().startswith(b"HTTP/1.1 405 ")
            wire.lose()
            port.reactor.pump([0, LINGER_SECONDS, LINGER_SECONDS])
        assert not wire.transport.aborted

    def test_halfClosed(self) -> None:
        """A peer that closes its side gets all its responses, and is then closed."""
        port = Port()
        wire = Wire(port.factory)
        with logged():
            wire.protocol.dataReceived(FIRST["two"])
            wire.protocol.readConnectionLost()
            assert not wire.transport.disconnecting
            port.reactor.pump([0, 0])
        assert wire.receive().count(b"HTTP/1.1 405") == 2
        assert wire.transport.disconnecting
        wire.lose()

    def test_halfClosedWithin(self) -> None:
        """A peer that closes its side within a request, or between two, is closed."""
        for text in (FIRST["post"][:-1], FIRST["get"], FIRST["get"] + b"GET"):
            port = Port()
            wire = later(port, FIRST["get"])
            with logged():
                wire.send(text)
                port.reactor.advance(0)
                wire.protocol.readConnectionLost()
            assert wire.transport.disconnecting
            wire.lose()

    def test_neverAnswered(self) -> None:
        """A page that doesn't respond is told that its peer, which closed its side, is gone."""

        class Silent(Resource):
            isLeaf = True

            def render_GET(self, request: Any) -> int:
                request.notifyFinish().addErrback(gone.append)
                return NOT_DONE_YET

        gone: list[Any] = []
        port = Port(pages=Silent())
        wire = Wire(port.factory)
        wire.send(FIRST["get"])
        wire.protocol.readConnectionLost()
        port.reactor.advance(LINGER_SECONDS)
        assert wire.transport.aborted
        wire.lose()
        assert len(gone) == 1

    def test_counted(self) -> None:
        """A page's connection is counted until it ends or becomes a WebSocket."""
        port = Port()
        visits = port.factory.doorkeeper.visits
        first, second = later(port), later(port)
        assert len(visits) == 2
        first.open()
        assert len(visits) == 1
        second.lose()
        first.lose()
        assert len(visits) == 0
