"""
The web site of a port: its log, and the bodies of requests.
"""

import re
from typing import Any

import pytest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from ratchet_tx import Hub, Settings, makeService
from ratchet_tx.transport.sockets.closing import LINGER_SECONDS
from tests.kit.ends import MemoryReactor, Wire
from tests.kit.fakes import logged
from tests.kit.wire import event, handshake


class Uploads(Resource):
    """
    Says how long what it is sent was.
    """

    isLeaf = True

    def render_POST(self, request: Any) -> bytes:
        return f"{len(request.content.read())} bytes".encode()


class Port:
    """
    A port in memory that takes uploads of up to 1000 bytes, unless it is told otherwise.
    """

    def __init__(self, pages: Any = None, **arguments: Any) -> None:
        self.reactor = MemoryReactor()
        self.hub = Hub(clock=self.reactor)
        makeService(
            Settings(), self.hub, pages or Uploads(), self.reactor, **{"bodyBytes": 1000, **arguments}
        ).startService()
        self.factory = self.reactor.tcpServers[0][1]

    def post(self, headers: str, *pieces: bytes) -> Wire:
        wire = Wire(self.factory)
        with logged():
            wire.send(f"POST /up HTTP/1.1\r\nHost: localhost:8080\r\n{headers}\r\n\r\n".encode())
            for piece in pieces:
                wire.send(piece)
        return wire


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


REFUSED = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

CHUNKED = "Transfer-Encoding: chunked"


def test_small() -> None:
    """A body of the greatest length is taken, whole or in chunks, and the next request after it."""
    port = Port()
    wire = port.post("Content-Length: 1000", b"x" * 400, b"x" * 600)
    assert wire.receive().endswith(b"\r\n\r\n1000 bytes")
    port.reactor.advance(0)
    wire.send(b"POST / HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 1\r\n\r\nx")
    assert wire.receive().endswith(b"\r\n\r\n1 bytes")
    wire = port.post(CHUNKED, chunk(b"x" * 500), chunk(b"x" * 500), chunk(b""))
    assert wire.receive().endswith(b"1000 bytes")
    assert port.hub.counters.refused == {}


def test_tooLong() -> None:
    """A longer one is refused with 413 before any of it is there, and counted."""
    port = Port()
    wire = port.post("Content-Length: 1001")
    assert wire.receive() == REFUSED
    wire.send(b"x" * 500)
    assert not wire.transport.disconnecting
    wire.send(b"x" * 501)
    assert wire.transport.disconnecting
    assert wire.receive() == b""
    assert port.hub.counters.refused == {"http.413": 1}


def test_tooManyChunks() -> None:
    """One in chunks is refused as soon as it has grown too long, and once."""
    port = Port()
    wire = port.post(CHUNKED, chunk(b"x" * 600))
    assert wire.receive() == b""
    wire.send(chunk(b"x" * 600) + chunk(b"x" * 600))
    assert wire.receive() == REFUSED
    wire.lose()
    assert port.hub.counters.refused == {"http.413": 1}


def test_lingering() -> None:
    """Who is refused and goes on sending has some time, so that he may read why, and is then closed."""
    port = Port()
    wire = port.post("Content-Length: 1000000")
    port.reactor.advance(LINGER_SECONDS - 0.1)
    assert not wire.transport.disconnecting
    wire.send(b"x" * 10_000)
    port.reactor.advance(0.1)
    assert wire.transport.disconnecting
    wire.lose()


def test_goneMeanwhile() -> None:
    """Who is refused and goes leaves nothing behind."""
    port = Port()
    before = port.reactor.getDelayedCalls()
    wire = port.post("Content-Length: 1001")
    wire.lose()
    assert port.reactor.getDelayedCalls() == before


@pytest.mark.parametrize("header", ["Content-Length: " + "9" * 5000, "Content-Length: -1", "Transfer-Encoding: x"])
def test_badLengths(header: str) -> None:
    """A length that is none is refused with 400, and nothing fails."""
    port = Port()
    with logged() as lines:
        wire = port.post(header)
    assert wire.receive().startswith(b"HTTP/1.1 400 ")
    assert wire.transport.disconnecting
    assert "Traceback" not in "".join(lines)


def test_slowLoris() -> None:
    """Every head has the same time, that of a later request, too; between two there is more."""
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
    """Who sends his later heads in time, and takes longer for a body, is served."""
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
    """Of requests that come at once each is answered in a turn of its own, between which others have theirs."""
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


def test_expecting() -> None:
    """Who asks before he sends is told to go on only where he may."""
    port = Port()
    expecting = "Expect: 100-continue\r\nContent-Length: "
    assert port.post(f"{expecting}1001").receive() == REFUSED
    assert port.post(f"{expecting}1000").receive() == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_uploads() -> None:
    """Pages that take uploads can be given more, or as much as there is."""
    assert Port(bodyBytes=5000).post("Content-Length: 5000", b"x" * 5000).receive().endswith(b"5000 bytes")
    body = b"x" * (2 << 20)
    assert Port(bodyBytes=0).post(f"Content-Length: {len(body)}", body).receive().endswith(b"2097152 bytes")
    assert Port(bodyBytes=0).post(CHUNKED, chunk(body), chunk(b"")).receive().endswith(b"2097152 bytes")


@pytest.mark.parametrize(("length", "status"), [(1 << 20, b""), ((1 << 20) + 1, REFUSED)])
def test_default(length: int, status: bytes) -> None:
    """Without being told, it takes 1 MiB."""
    reactor = MemoryReactor()
    makeService(reactor=reactor).startService()
    wire = Wire(reactor.tcpServers[0][1])
    with logged():
        wire.send(f"POST / HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: {length}\r\n\r\n".encode())
    assert wire.receive() == status
    wire.lose()


def test_accessLog() -> None:
    """The access log names paths and statuses, and keeps back queries, which may hold secrets."""
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
    """What a peer asks for can't end the entry in which it stands, nor fill the log."""
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


def later(port: Port, first: bytes = b"GET /a HTTP/1.1\r\nHost: localhost:8080\r\n\r\n") -> Wire:
    """
    Have one request answered, and keep the connection.
    """
    wire = Wire(port.factory)
    with logged():
        wire.send(first)
    assert wire.receive().startswith(b"HTTP/1.")
    port.reactor.advance(0)
    return wire


FIRST = {
    "get": b"GET /a HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
    "health": b"GET /readyz HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
    "head": b"HEAD /readyz HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
    "post": b"POST /a HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 3\r\n\r\nabc",
    "chunked": b"POST /a HTTP/1.1\r\nHost: localhost:8080\r\nTransfer-Encoding: chunked\r\n\r\n"
    + chunk(b"abc")
    + chunk(b""),
    "two": b"GET /a HTTP/1.1\r\nHost: localhost:8080\r\n\r\n" * 2,
}


class TestLaterHeads:
    @pytest.mark.parametrize("first", FIRST.values(), ids=FIRST)
    def test_upgrade(self, first: bytes) -> None:
        """Any request of a connection may be for a WebSocket, whatever came before it."""
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
        """It may come in one chunk with those before it, which are answered first."""
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
        """A later head meets the bounds of the first, and is refused, logged and counted as that is."""
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
        """Who may not connect is refused as by a first request."""
        wire = later(Port())
        wire.send(handshake(Origin="http://evil.example"))
        assert wire.receive().startswith(b"HTTP/1.1 403 ")
        assert wire.transport.disconnecting

    def test_idle(self) -> None:
        """Who keeps a connection and asks nothing is closed in silence."""
        port = Port()
        wire = later(port)
        with logged() as said:
            port.reactor.advance(100)
        assert wire.receive() == b""
        assert wire.transport.disconnecting
        assert said == []
        assert port.hub.counters.refused == {}

    def test_notKept(self) -> None:
        """Nothing is taken after a request that is the last one."""
        for first in (b"GET /a HTTP/1.0\r\n\r\n", b"GET /a HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n"):
            port = Port()
            wire = later(port, first)
            assert wire.transport.disconnecting
            wire.send(handshake())
            assert wire.receive() == b""

    def test_badChunk(self) -> None:
        """A body in chunks that are none is refused with 400 and one line."""
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


class Fields(Resource):
    """
    Says which fields it was sent, or fails.
    """

    isLeaf = True

    def render_GET(self, request: Any) -> bytes:
        if b"deep" in request.args:
            deep: Any = lambda: deep()  # noqa: E731
            deep()
        return repr(sorted(request.args.items())).encode()

    render_POST = render_GET


class Failing(Resource):
    isLeaf = True

    def render_GET(self, request: Any) -> bytes:
        if request.path == b"/late":
            request.write(b"begun")
        raise ValueError("no good")


class TestForms:
    def ask(self, text: bytes, pages: Any = None) -> tuple[bytes, list[str], Port]:
        port = Port(pages=pages or Fields(), bodyBytes=1 << 20)
        wire = Wire(port.factory)
        with logged() as lines:
            wire.send(text)
        answer = wire.receive()
        wire.lose()
        return answer, lines, port

    def post(self, contentType: bytes, body: bytes) -> bytes:
        head = b"POST /?q=1 HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
        return head % (contentType, len(body)) + body

    def test_fields(self) -> None:
        """A page finds the fields of a form, and of its query, and the body as it was."""
        answer, _, _ = self.ask(self.post(b"application/x-www-form-urlencoded", b"a=1&b=2"))
        assert answer.endswith(b"[(b'a', [b'1']), (b'b', [b'2']), (b'q', [b'1'])]")
        body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
        answer, _, _ = self.ask(self.post(b"multipart/form-data; boundary=x", body))
        assert answer.endswith(b"[(b'a', [b'1']), (b'q', [b'1'])]")
        assert self.ask(self.post(b"text/plain", b"abcd"), Uploads())[0].endswith(b"4 bytes")

    @pytest.mark.parametrize(
        ("contentType", "body"),
        [
            (b"multipart/form-data; " + b"a;" * 2000, b"x"),
            (b"multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data" + b";" * 200_000),
            (b"multipart/form-data; boundary=x", b"--x\r\n" * 200_000),
            (b"multipart/form-data", b"x"),
            (b"application/x-www-form-urlencoded", b"a=1&" * 1000),
            (b"application/x-www-form-urlencoded", b";" * 200_000),
        ],
        ids=["head", "semicolons", "parts", "noBoundary", "fields", "separators"],
    )
    def test_hostile(self, contentType: bytes, body: bytes) -> None:
        """A form made to be read for ever is refused with 400 and one line."""
        answer, lines, port = self.ask(self.post(contentType, body))
        assert answer.startswith(b"HTTP/1.1 400 ")
        (line,) = lines
        assert line.startswith("Refused a request: status=400 address=192.0.2.7 why=")
        assert port.hub.counters.refused == {"http.400": 1}

    @pytest.mark.parametrize(
        "text",
        [
            b"GET /?" + b"&" * 2000 + b" HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
            "GET /é HTTP/1.1\r\nHost: localhost:8080\r\n\r\n".encode(),
            b"GET / HTTP/3.0\r\nHost: localhost:8080\r\n\r\n",
            b"GET\r\nHost: localhost:8080\r\n\r\n",
            b"G(T / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
        ],
        ids=["query", "path", "version", "line", "method"],
    )
    def test_badRequests(self, text: bytes) -> None:
        """A request that can't be read is refused with 400 and one line."""
        answer, lines, _ = self.ask(text)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert len(lines) == 1

    @pytest.mark.parametrize("text", [b"PURGE /x", b"OPTIONS *", b"GET /%", b"GET /%zz%00", b"GET http://x/y"])
    def test_oddRequests(self, text: bytes) -> None:
        """What is odd and no harm gets an answer, and nothing fails."""
        answer, lines, _ = self.ask(text + b" HTTP/1.1\r\nHost: localhost:8080\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 ")
        assert not answer.startswith(b"HTTP/1.1 500 ")
        assert "Traceback" not in "".join(lines)

    def test_absoluteForm(self) -> None:
        """A target that names the host, too, is the path behind it."""
        ask = b"GET http://example.org/?a=1 HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"
        assert self.ask(ask)[0].endswith(b"[(b'a', [b'1'])]")

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            (b"GET / HTTP/3.0\r\n", "no request line of a method, a target and HTTP/1.1"),
            (b"POST / HTTP/1.1\r\nContent-Length: +3\r\n", "no Content-Length of one number"),
            (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n", "no Content-Length of one number"),
            (
                b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                "Transfer-Encoding beside Content-Length",
            ),
            (b"GET http://u@example.org/ HTTP/1.1\r\n", "Host isn't a name with perhaps a port"),
            (b"GET /?" + b"&" * 2000 + b" HTTP/1.1\r\n", "a form or a query of more than 1000 fields"),
            ("GET /é HTTP/1.1\r\n".encode(), "bytes in the request line that are no ASCII"),
        ],
    )
    def test_reasons(self, text: bytes, why: str) -> None:
        """The log says which rule a request breaks."""
        assert self.ask(text + b"\r\n")[1] == [f'Refused a request: status=400 address=192.0.2.7 why="{why}"']

    @pytest.mark.parametrize("brackets", [300, 2000])
    def test_nestedComments(self, brackets: int) -> None:
        """A type of nothing but brackets is a type like any other."""
        answer, lines, _ = self.ask(self.post(b"a/b" + b"(" * brackets, b"x"))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert lines == []

    def test_failingPage(self) -> None:
        """A page that fails is 500 with a reference, which is also in the log, once."""
        answer, (line,), _ = self.ask(b"GET /x HTTP/1.1\r\nHost: localhost:8080\r\n\r\n", Failing())
        assert answer.startswith(b"HTTP/1.1 500 ")
        ref = answer.partition(b"ref ")[2][:8].decode()
        assert line.startswith(f'A page failed: ref={ref} method="GET" path="/x"\nTraceback')
        assert line.endswith("ValueError: no good\n")
        assert b"no good" not in answer

    def test_failingLate(self) -> None:
        """A page that fails when its answer has begun ends the connection."""
        answer, lines, _ = self.ask(b"GET /late HTTP/1.1\r\nHost: localhost:8080\r\n\r\n", Failing())
        assert b"500" not in answer
        assert len(lines) == 1

    def test_deepFailure(self) -> None:
        """A page's endless recursion is logged by its last steps only."""
        answer, (line,), _ = self.ask(b"GET /?deep=1 HTTP/1.1\r\nHost: localhost:8080\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert "RecursionError" in line
        assert len(line) < 5000


class TestAccessLog:
    """
    The access log.
    """

    def line(self, request: bytes, **settings: Any) -> str:
        """
        Ask for something, and take the line.
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
        """A path is shown escaped and bounded, so that no request makes up another one's line."""
        line = self.line(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.isprintable()
        assert "secret" not in line
        if shown is None:
            assert line.startswith("Refused a request: status=400 ")
        else:
            assert f'] "GET {shown.decode()}" 404 ' in line

    def test_forwarded(self) -> None:
        """The address is the peer's as a trusted proxy tells it, and the proxy's else."""
        request = b"GET /x HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: [2001:db8::5]:443\r\n\r\n"
        assert self.line(request).startswith("192.0.2.7 - - [")
        assert self.line(request, trustForwarded=1).startswith("2001:db8::5 - - [")

    def test_misdirected(self) -> None:
        """A page that is asked for by a name that isn't ours is logged with what would let it in."""
        reactor = MemoryReactor()
        hub = Hub()
        makeService(Settings(host=("example.org",)), hub, reactor=reactor).startService()
        with logged() as lines:
            Wire(reactor.tcpServers[0][1]).send(b'GET / HTTP/1.1\r\nHost: evil.example:"80\r\n\r\n')
        assert lines[0] == (
            r'Refused a request: status=421 address=192.0.2.7 asked="evil.example:\"80" host="evil.example:\"80" trusted=0'
        )
        assert hub.counters.refused == {"http.421": 1}


class TestEnds:
    def test_slowBody(self) -> None:
        """A body that comes slower than 1 KiB a second is refused after a while; one that is a little faster is taken."""
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
        """Who was refused, or asked for the last time, and doesn't go is dropped."""
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
        """Who is gone as soon as the last answer is there isn't closed, nor dropped, once more."""
        port = Port()
        wire = Wire(port.factory)
        with logged():
            wire.protocol.dataReceived(b"GET / HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n")
            assert wire.receive().startswith(b"HTTP/1.1 405 ")
            wire.lose()
            port.reactor.pump([0, LINGER_SECONDS, LINGER_SECONDS])
        assert not wire.transport.aborted

    def test_halfClosed(self) -> None:
        """Who sends nothing more is answered what was asked, all of it, and closed."""
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
        """Who sends nothing more in the middle of a request, or between two, is closed."""
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
        """A page that doesn't answer hears that its peer, which sends nothing more, is gone."""

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
        """A page's connection is counted until it ends, or becomes a socket."""
        port = Port()
        visits = port.factory.doorkeeper.visits
        first, second = later(port), later(port)
        assert len(visits) == 2
        first.open()
        assert len(visits) == 1
        second.lose()
        first.lose()
        assert len(visits) == 0
