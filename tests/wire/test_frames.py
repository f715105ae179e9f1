"""
WebSocket frames.
"""

from struct import unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet_tx.transport.autobahn import unmaskLong
from ratchet_tx.wire.frames import LONGEST_CONTROL, closeAtEnd, isUTF8, makeText, sizeOf, takeText, textOf, unmask
from tests.kit.wire import BINARY, CLOSE, CONTINUATION, MASK, PING, frame

#: Where the length of a text begins to be written in another way.
EDGES = [0, 1, 125, 126, 127, 255, 256, 65535, 65536, 70000]


def read(frame: bytes) -> tuple[int, int, bytes]:
    """
    Read a frame by RFC 6455 section 5.2: its first byte, its length bits, and its payload.
    """
    first, second = frame[0], frame[1]
    assert not second & 0x80, "a server doesn't mask"
    if second < 126:
        size, head = second, 2
    elif second == 126:
        size, head = unpack("!H", frame[2:4])[0], 4
        assert size >= 126, "the shortest way has to be used"
    else:
        size, head = unpack("!Q", frame[2:10])[0], 10
        assert 65536 <= size < 2**63, "the shortest way has to be used"
    assert len(frame) == head + size
    return first, {2: 7, 4: 16, 10: 64}[head], frame[head:]


@pytest.mark.parametrize("size", EDGES)
def test_header(size: int) -> None:
    """A frame is a whole text, with its length in the fewest bytes."""
    text = b"x" * size
    first, bits, payload = read(makeText(text))
    assert first == 0b1000_0001
    assert bits == (7 if size < 126 else 16 if size < 65536 else 64)
    assert payload == text


@pytest.mark.parametrize("size", EDGES)
def test_textOfLongFrames(size: int) -> None:
    """The text can be taken out of a frame again, however long it is."""
    text = b"x" * size
    assert textOf(makeText(text)) == text


@given(st.binary(max_size=300))
def test_roundTrip(text: bytes) -> None:
    """Any text that goes into a frame is in it."""
    assert read(makeText(text)) == (0x81, 7 if len(text) < 126 else 16, text)
    assert textOf(makeText(text)) == text


def test_example() -> None:
    """The unmasked text of RFC 6455 section 5.7 is made exactly."""
    assert makeText(b"Hello") == bytes([0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])


def taken(data: bytes, limit: int = 65_535) -> tuple[list[bytes], bytes]:
    """
    Take the texts out of a chunk.

    @return: the texts, and the rest
    """
    texts: list[bytes] = []
    end = 0
    while (found := takeText(data, end, limit, unmaskLong)) is not None:
        text, end = found
        texts.append(text)
    return texts, data[end:]


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 125, 126, 127, 255, 256, 257, 4096, 65_535])
def test_take(size: int) -> None:
    """Whole texts with a length of up to two bytes are taken, and what follows is left."""
    text = bytes(range(32, 127)) * (size // 95 + 1)
    rest = frame("x", PING)
    assert taken(frame(text[:size]) + frame("ü") + rest) == ([text[:size], "ü".encode()], rest)


@pytest.mark.parametrize(
    "other",
    [
        frame("x", PING),
        frame("x", CLOSE),
        frame("x", BINARY),
        frame("x", CONTINUATION),
        frame("x", final=False),
        frame("x", rsv=4),
        frame("x", masked=False),
        frame("x" * 200, masked=False),
        frame(b"\xff"),
        frame("ü".encode()[:1]),
        frame("\ud800".encode("utf-8", "surrogatepass")),
        frame("x" * 65_536),
        b"\x81\xfe\x00\x7d" + MASK + b"x" * 125,
        b"\x81\xff\x00\x00\x00\x00\x00\x00\x00\x01" + MASK + b"x",
    ],
)
def test_leave(other: bytes) -> None:
    """Any other frame is left, with all that follows."""
    rest = other + frame("b")
    assert taken(frame("a") + rest) == ([b"a"], rest)


@pytest.mark.parametrize("whole", [frame("abc"), frame("x" * 200)])
def test_halves(whole: bytes) -> None:
    """A partial frame is left."""
    for size in range(len(whole)):
        assert taken(frame("a") + whole[:size]) == ([b"a"], whole[:size])


def test_limit() -> None:
    """A text above the limit is left."""
    assert taken(frame("x" * 100), 100) == ([b"x" * 100], b"")
    assert taken(frame("x" * 101), 100) == ([], frame("x" * 101))


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_masks(data: bytes, mask: bytes) -> None:
    """Unmasking inverts each byte's mask, and masking again gives the same bytes."""
    assert unmask(mask + data) == bytes(byte ^ mask[position % 4] for position, byte in enumerate(data))
    assert unmask(mask + unmask(mask + data)) == data


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("masked", [True, False])
def test_sizeOf(size: int, masked: bool) -> None:
    """The length of any frame is computed from its first bytes."""
    whole = frame(b"x" * size, BINARY, masked=masked)
    assert sizeOf(whole[:14]) == sizeOf(whole[:10]) == len(whole)
    assert sizeOf(whole[:1]) is sizeOf(b"") is None
    assert size < 126 or sizeOf(whole[:3]) is None


@pytest.mark.parametrize("payload", [b"", b"\x03\xe8", b"\x0f\xa9", b"\x0f\xa1Bye", b"\x03\xe8" + b"x" * 123])
def test_closeAtEnd(payload: bytes) -> None:
    """A close frame is found only at the very end, whatever is before it."""
    close = frame(payload, CLOSE)
    for before in (b"", b"\x88", b"\x88\x80", b"\x81\xfe\x88" * 10):
        assert closeAtEnd((before + close)[-LONGEST_CONTROL:]) == close
        assert closeAtEnd((before + close)[:-1]) is None
    assert closeAtEnd(close + b"\x81") is None


@pytest.mark.parametrize("payload", [b"\x03", b"\x00\x00", b"\x07\xd0", b"\x13\x88", b"\x03\xe8\xff"])
def test_noClose(payload: bytes) -> None:
    """A frame with an invalid code, or without a mask, isn't taken for a close."""
    assert closeAtEnd(frame(payload, CLOSE)) is None
    assert closeAtEnd(frame(b"\x03\xe8", CLOSE, masked=False)) is None


@pytest.mark.parametrize("text", [b"", b"plain", "Gr\u00fc\u00dfe \U0001f984".encode()])
def test_utf8(text: bytes) -> None:
    """Every encoded text is UTF-8."""
    assert isUTF8(text)


@pytest.mark.parametrize("text", [b"\xff", b"a\x80", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"])
def test_noUTF8(text: bytes) -> None:
    """Stray and missing bytes, overlong forms, surrogates, and code points beyond the last are not UTF-8."""
    assert not isUTF8(text)
