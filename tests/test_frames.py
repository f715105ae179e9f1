"""
Frames: the bytes that carry a text.
"""

from struct import unpack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet_tx.frames import makeText, textOf

#: Where the length of a text begins to be written in another way.
EDGES = [0, 1, 125, 126, 127, 255, 256, 65535, 65536, 70000]


def read(frame: bytes) -> tuple[int, int, bytes]:
    """
    Read a frame by RFC 6455 section 5.2: its first byte, the bits that say its length, and its payload.
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
    """A frame says that it is a whole text, and how long, in the fewest bytes."""
    text = b"x" * size
    first, bits, payload = read(makeText(text))
    assert first == 0b1000_0001
    assert bits == (7 if size < 126 else 16 if size < 65536 else 64)
    assert payload == text


@pytest.mark.parametrize("size", EDGES)
def test_textOfLongFrames(size: int) -> None:
    """A peer that wants the text alone gets what went into the frame, however long it is."""
    text = b"x" * size
    assert textOf(makeText(text)) == text


@settings(derandomize=True, deadline=None)
@given(st.binary(max_size=300))
def test_roundTrip(text: bytes) -> None:
    """Whatever goes into a frame is in it."""
    assert read(makeText(text)) == (0x81, 7 if len(text) < 126 else 16, text)
    assert textOf(makeText(text)) == text


def test_example() -> None:
    """The unmasked text of RFC 6455 section 5.7 is made as it stands there."""
    assert makeText(b"Hello") == bytes([0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
