"""
The opening handshake of a WebSocket, by RFC 6455 section 4.2.1.
"""

import pytest

from ratchet_tx.transport.handshake.head import BadHead, readHead
from ratchet_tx.transport.handshake.upgrade import Handshake, readHandshake
from tests.kit.wire import KEY, handshake


def read(text: bytes) -> Handshake:
    return readHandshake(readHead(text, 64))


def refusal(text: bytes) -> int:
    with pytest.raises(BadHead) as caught:
        read(text)
    return caught.value.status


def test_good() -> None:
    """A browser's handshake is read; its header names become lower-case."""
    found = read(handshake("/chat?room=news", Origin="http://localhost:8080", X_Forwarded_For="a"))
    assert (found.target, found.host, found.key) == ("/chat?room=news", "localhost", KEY.decode())
    assert found.headers["origin"] == "http://localhost:8080"
    assert found.headers["x-forwarded-for"] == "a"


@pytest.mark.parametrize("value", ["keep-alive, Upgrade", "upgrade", "UPGRADE ,x"])
def test_connection(value: str) -> None:
    """The word upgrade may be one of several, in any case."""
    assert read(handshake(Connection=value))


@pytest.mark.parametrize(
    "field",
    [
        {"Connection": "keep-alive"},
        {"Connection": ""},
        {"Upgrade": "websocket2, websocket/13"},
        {"Sec_WebSocket_Version": "8"},
        {"Sec_WebSocket_Version": ""},
        {"Sec_WebSocket_Version": "13, 8"},
        {"Sec_WebSocket_Key": ""},
        {"Sec_WebSocket_Key": "short=="},
        {"Sec_WebSocket_Key": "a" * 24},
        {"Sec_WebSocket_Key": "!" * 22 + "=="},
    ],
)
def test_missing(field: dict[str, str]) -> None:
    """A handshake that lacks a required part is refused."""
    assert refusal(handshake(**field)) == 400


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost", "localhost"),
        ("localhost:80", "localhost"),
        ("[::1]:8080", "[::1]"),
        ("[::1]", "[::1]"),
        ("a.b.example", "a.b.example"),
    ],
)
def test_hosts(host: str, name: str) -> None:
    """A host is a name or an address, with or without a port."""
    assert read(handshake(host=host)).host == name


@pytest.mark.parametrize(
    "host",
    [
        "",
        ":80",
        "localhost:",
        "localhost:http",
        "::1",
        "[::1",
        "[]:80",
        "a:1:2",
        "u@localhost",
        "a/b",
        "a b",
        "a, b",
        "a:123456",
    ],
)
def test_badHosts(host: str) -> None:
    """An ambiguous or missing host is refused."""
    assert refusal(handshake(host=host)) == 400


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"POST / HTTP/1.1", 405),
        (b"GET / HTTP/1.0", 505),
        (b"GET / HTTP/2.0", 505),
        (b"GET / FTP/1.1", 400),
        (b"GET /", 400),
        (b"GET / / HTTP/1.1", 400),
        (b"GET  / HTTP/1.1", 400),
        (b"GET /#there HTTP/1.1", 400),
    ],
)
def test_lines(line: bytes, status: int) -> None:
    """Anything but a GET by HTTP/1.1 is refused, with a status that says what is wrong."""
    assert refusal(handshake().replace(b"GET / HTTP/1.1", line)) == status


@pytest.mark.parametrize("name", [b"Sec-WebSocket-Key", b"Sec-WebSocket-Version", b"Sec-WebSocket-Extensions"])
def test_twice(name: bytes) -> None:
    """A header that may come once is refused if it is repeated."""
    again = name + b": x\r\n"
    assert refusal(handshake().replace(b"Host:", again * 2 + b"Host:")) == 400


def test_joined() -> None:
    """A repeated header has all its values, in order."""
    found = read(handshake(Sec_WebSocket_Protocol="a,b").replace(b"Host:", b"Sec-WebSocket-Protocol: c\r\nHost:"))
    assert found.headers["sec-websocket-protocol"] == "c, a,b"
    assert found.listed("sec-websocket-protocol") == ["c", "a", "b"]
    assert found.listed("sec-websocket-extensions") == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Михаил".encode(), "Михаил"),
        ("Émile".encode(), "Émile"),
        ("Émile".encode("latin-1"), "Émile"),
        (b"a\x85b", "a\x85b"),
    ],
)
def test_texts(value: bytes, text: str) -> None:
    """A header and the target are read as UTF-8, else as latin-1."""
    found = read(handshake("/TEXT", X="TEXT").replace(b"TEXT", value))
    assert found.headers["x"] == text
    assert found.target == f"/{text}"


def test_cookies() -> None:
    """Several Cookie headers are joined by semicolons; each cookie is parsed by itself."""
    more = "Cookie: a=Михаил; b=".encode() + b"\xc9mile\r\nCookie: c=3\r\n"
    found = read(handshake(Cookie="").replace(b"Host:", more + b"Host:"))
    assert found.headers["cookie"] == "a=Михаил; b=Émile; c=3"


def test_tooManyOffers() -> None:
    """Of endless offers only some are read: no extensions, and 32 subprotocols."""
    many = read(handshake(Sec_WebSocket_Extensions="a," * 3000 + "a", Sec_WebSocket_Protocol="p," * 3000 + "p"))
    assert many.extensions == ""
    assert many.listed("sec-websocket-protocol") == ["p"] * 32
    assert read(handshake(Sec_WebSocket_Extensions="permessage-deflate")).extensions == "permessage-deflate"


def test_absoluteForm() -> None:
    """An absolute target is read as proxies write it, and its host counts."""
    for scheme in ("http", "HTTPS", "ws", "wss"):
        found = read(handshake(f"{scheme}://example.org:8080/chat?room=news", host="evil.example"))
        assert (found.target, found.host, found.headers["host"]) == ("/chat?room=news", "example.org", "example.org:8080")
    assert read(handshake("http://example.org?a=1")).target == "/?a=1"


@pytest.mark.parametrize("target", ["*", "chat", "http://", "http:///chat", "http://u@example.org/", "ftp://example.org/"])
def test_badTargets(target: str) -> None:
    """A target without a path, or with a malformed host, is refused."""
    assert refusal(handshake(target)) == 400


@pytest.mark.parametrize("field", [{"Content_Length": "5"}, {"Transfer_Encoding": "chunked"}])
def test_bodies(field: dict[str, str]) -> None:
    """A handshake with a body is refused, because the body would be read as frames; a length of 0 is accepted."""
    assert refusal(handshake(**field)) == 400
    assert read(handshake(Content_Length="0"))
