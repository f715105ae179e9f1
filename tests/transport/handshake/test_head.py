"""
Request heads, which are checked before a parser reads them.
"""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet_tx.transport.handshake.head import BadHead, HeadReader, checkHeaders, readHead
from tests.kit.examples import examples
from tests.kit.wire import handshake

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


def head(*lines: bytes) -> bytes:
    return GET + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def refusal(text: bytes, count: int = 64) -> int:
    with pytest.raises(BadHead) as caught:
        readHead(text, count)
    assert str(caught.value) == f"{caught.value.status} {caught.value.why}"
    return caught.value.status


def test_pages() -> None:
    """An ordinary request is for a page."""
    assert not readHead(head(b"Accept: */*", b"Cookie: a=1; b=2"), 64).isUpgrade


@pytest.mark.parametrize("value", [b"websocket", b"WebSocket", b"h2c, websocket", b" websocket "])
def test_upgrades(value: bytes) -> None:
    """A request with an upgrade to a WebSocket is recognized in every spelling."""
    assert readHead(head(b"Upgrade: " + value), 64).isUpgrade
    assert readHead(handshake(), 64).isUpgrade
    assert not readHead(head(b"Upgrade: h2c", b"X-Upgrade: websocket"), 64).isUpgrade


@pytest.mark.parametrize("byte", [*range(9), 11, 12, *range(14, 32), 127])
def test_controlBytes(byte: int) -> None:
    """Neither a value nor the request line may have control bytes, except tabs in a value."""
    bad = bytes([byte])
    assert refusal(head(b"X: a" + bad + b"Origin: http://evil")) == 400
    assert refusal(head().replace(b"/ ", b"/" + bad + b" ")) == 400


@pytest.mark.parametrize("upgrade", [b"Upgrade: websocket", b"X: y"])
def test_anyText(upgrade: bytes) -> None:
    """A value may have any non-ASCII byte: it is UTF-8, or latin-1."""
    value = bytes(range(128, 256))
    assert readHead(head(b"Cookie: name=" + value, upgrade), 64).headers[1] == (b"cookie", b"name=" + value)


@pytest.mark.parametrize(
    "line", [b"X: a\rY: b", b"X: a\nY: b", b"X : a", b" X: a", b"\tfolded", b"nocolon", b": a", b"X(: a", b"\xffX: a"]
)
def test_malformedLines(line: bytes) -> None:
    """A line that is no header, or that some parsers read as two, is refused."""
    assert refusal(head(line)) == 400


@pytest.mark.parametrize("line", [b"Host: other", b"host: localhost", b"HOST: "])
def test_repeatedHost(line: bytes) -> None:
    """A second Host is refused, even an equal one."""
    assert refusal(head(line)) == 400


def test_repeatedOrigin() -> None:
    """A second Origin is refused; other headers may be repeated."""
    assert refusal(head(b"Origin: http://a", b"origin: http://b")) == 400
    readHead(head(b"X: 1", b"X: 2"), 64)


def test_count() -> None:
    """The number of headers is limited; with the limit switched off, it isn't."""
    lines = [b"X: y"] * 63
    readHead(head(*lines), 64)
    assert refusal(head(*lines, b"Z: z")) == 431
    readHead(head(*lines * 10), 0)


def test_parsedHeaders() -> None:
    """Headers that a site has already parsed are checked in the same way."""
    assert checkHeaders([(b"host", b"x"), (b"upgrade", b"websocket")], 2)
    with pytest.raises(BadHead, match="431"):
        checkHeaders([(b"host", b"x"), (b"y", b"z")], 1)
    with pytest.raises(BadHead, match="400"):
        checkHeaders([(b"host", b"x\x0by")], 2)


@examples(500)
@given(st.binary(max_size=400))
def test_anything(text: bytes) -> None:
    """Any head is accepted or refused, and never raises another error."""
    with suppress(BadHead):
        readHead(text + b"\r\n\r\n", 64)


class TestHeadReader:
    def test_pieces(self) -> None:
        """A head may come in any pieces, with more bytes and the next head after it."""
        reader = HeadReader(0, 64)
        text = head(b"X: y")
        for byte in text[:-1]:
            assert reader.feed(bytes([byte])) is None
        found = reader.feed(text[-1:] + b"body")
        assert found is not None
        assert found.headers[-1] == (b"x", b"y")
        assert reader.take() == text + b"body"
        assert reader.feed(text) is not None

    def test_emptyLine(self) -> None:
        """One empty line may come before a head, as some clients send it, in any pieces; a second one may not."""
        for pieces in ([b"\r\n" + GET + b"\r\n"], [b"\r", b"\n", GET, b"\r\n"]):
            reader = HeadReader(0, 64)
            assert reader.feed(b"".join(pieces[:-1])) is None
            assert reader.feed(pieces[-1]) is not None
            assert reader.take() == GET + b"\r\n"
        for pieces in ([b"\r\n\r\n"], [b"\r\n", b"\r", b"\nGET"]):
            reader = HeadReader(0, 64)
            with pytest.raises(BadHead, match="400"):
                [reader.feed(piece) for piece in pieces]

    def test_bounds(self) -> None:
        """A head is refused as soon as it is above the limits."""
        assert HeadReader(len(GET) + 2, 1).feed(GET + b"\r\nmore") is not None
        with pytest.raises(BadHead, match="431"):
            HeadReader(len(GET) + 1, 1).feed(GET + b"\r\n")
        with pytest.raises(BadHead, match="431"):
            HeadReader(10, 1).feed(b"x" * 11)
        with pytest.raises(BadHead, match="431"):
            HeadReader(0, 1).feed(head(b"X: y"))


def test_upgradeLost() -> None:
    """A handshake whose Upgrade header a proxy dropped is refused with that reason, and gets no page."""
    text = handshake().replace(b"Upgrade: websocket\r\nConnection: Upgrade\r\n", b"Connection: close\r\n")
    with pytest.raises(BadHead) as refused:
        readHead(text, 64)
    assert refused.value.status == 400
    assert "without its Upgrade header, which a proxy has to pass on" in refused.value.why
