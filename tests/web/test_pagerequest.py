"""
The requests for pages: their bodies and forms, and pages that fail.
"""

from typing import Any

import pytest
from twisted.web.resource import Resource

from ratchet_tx.transport.sockets.closing import LINGER_SECONDS
from tests.kit.ends import Wire
from tests.kit.fakes import logged
from tests.kit.pages import CHUNKED, REFUSED, Port, Uploads, chunk


def test_small() -> None:
    """A body of the greatest length is accepted, whole or in chunks, and so is the next request."""
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
    """A longer body is refused with 413 before it has come, and counted."""
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
    """A body in chunks is refused once, when it gets too long."""
    port = Port()
    wire = port.post(CHUNKED, chunk(b"x" * 600))
    assert wire.receive() == b""
    wire.send(chunk(b"x" * 600) + chunk(b"x" * 600))
    assert wire.receive() == REFUSED
    wire.lose()
    assert port.hub.counters.refused == {"http.413": 1}


def test_lingering() -> None:
    """A refused peer that goes on sending has some time to read the response, and is then closed."""
    port = Port()
    wire = port.post("Content-Length: 1000000")
    port.reactor.advance(LINGER_SECONDS - 0.1)
    assert not wire.transport.disconnecting
    wire.send(b"x" * 10_000)
    port.reactor.advance(0.1)
    assert wire.transport.disconnecting
    wire.lose()


def test_goneMeanwhile() -> None:
    """A refused peer that leaves leaves nothing behind."""
    port = Port()
    before = port.reactor.getDelayedCalls()
    wire = port.post("Content-Length: 1001")
    wire.lose()
    assert port.reactor.getDelayedCalls() == before


def test_expecting() -> None:
    """C{Expect: 100-continue} gets 100 Continue only for a body that is accepted."""
    port = Port()
    expecting = "Expect: 100-continue\r\nContent-Length: "
    assert port.post(f"{expecting}1001").receive() == REFUSED
    assert port.post(f"{expecting}1000").receive() == b"HTTP/1.1 100 Continue\r\n\r\n"


class Fields(Resource):
    """
    A page that returns the form's fields, or fails.
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
        """A page has the fields of the form and of the query, and the body unchanged."""
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
        """A form that is slow to parse is refused with 400 and one log line."""
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
        """A malformed request is refused with 400 and one log line."""
        answer, lines, _ = self.ask(text)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert len(lines) == 1

    @pytest.mark.parametrize("text", [b"PURGE /x", b"OPTIONS *", b"GET /%", b"GET /%zz%00", b"GET http://x/y"])
    def test_oddRequests(self, text: bytes) -> None:
        """Odd but harmless requests get a response."""
        answer, lines, _ = self.ask(text + b" HTTP/1.1\r\nHost: localhost:8080\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 ")
        assert not answer.startswith(b"HTTP/1.1 500 ")
        assert "Traceback" not in "".join(lines)

    def test_absoluteForm(self) -> None:
        """An absolute target gives its path and its host."""
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
        """A Content-Type of brackets is a type like any other."""
        answer, lines, _ = self.ask(self.post(b"a/b" + b"(" * brackets, b"x"))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert lines == []

    def test_failingPage(self) -> None:
        """A failing page gives 500 with a reference, which is logged once."""
        answer, (line,), _ = self.ask(b"GET /x HTTP/1.1\r\nHost: localhost:8080\r\n\r\n", Failing())
        assert answer.startswith(b"HTTP/1.1 500 ")
        ref = answer.partition(b"ref ")[2][:8].decode()
        assert line.startswith(f'Page failed: ref={ref} method="GET" path="/x"\nTraceback')
        assert line.endswith("ValueError: no good\n")
        assert b"no good" not in answer

    def test_failingLate(self) -> None:
        """A page that fails after its response has begun aborts the connection."""
        answer, lines, _ = self.ask(b"GET /late HTTP/1.1\r\nHost: localhost:8080\r\n\r\n", Failing())
        assert b"500" not in answer
        assert len(lines) == 1

    def test_deepFailure(self) -> None:
        """Of a page's endless recursion only the innermost frames are logged."""
        answer, (line,), _ = self.ask(b"GET /?deep=1 HTTP/1.1\r\nHost: localhost:8080\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert "RecursionError" in line
        assert len(line) < 5000
