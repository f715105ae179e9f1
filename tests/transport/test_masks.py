"""
Masks taken off in C.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet_tx.transport import masks
from ratchet_tx.transport.masks import unmaskLong
from ratchet_tx.wire.frames import unmask


def test_example() -> None:
    """A mask is taken off as RFC 6455 section 5.7 shows it."""
    assert unmaskLong(b"\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") == b"Hello"


@settings(derandomize=True, deadline=None)
@given(st.binary(max_size=1000), st.binary(min_size=4, max_size=4))
def test_asPythonDoes(data: bytes, mask: bytes) -> None:
    """Whatever the payload and the mask, it is what Python makes of them."""
    assert unmaskLong(mask + data) == unmask(mask + data)


@pytest.mark.parametrize("size", [65_535, 1 << 20])
def test_long(size: int) -> None:
    """So are long ones, and the payload that was given stays what it was."""
    data = b"abcd" + bytes(range(256)) * (size // 256)
    before = bytes(data)
    assert unmaskLong(data) == unmask(data)
    assert data == before


def test_withoutTheLibrary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Autobahn has no masker in C, Python does it."""
    monkeypatch.setattr(masks, "lib", None)
    assert unmaskLong(b"\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") == b"Hello"
