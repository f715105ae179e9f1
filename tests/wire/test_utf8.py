"""
Whether bytes are UTF-8.
"""

import pytest

from ratchet_tx.wire.utf8 import isUTF8


@pytest.mark.parametrize("text", [b"", b"plain", "Gr\u00fc\u00dfe \U0001f984".encode()])
def test_good(text: bytes) -> None:
    """Every text is UTF-8, once it is written down so."""
    assert isUTF8(text)


@pytest.mark.parametrize("text", [b"\xff", b"a\x80", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"])
def test_bad(text: bytes) -> None:
    """Stray and missing bytes, detours, halves of a pair, and what is beyond the last character are not."""
    assert not isUTF8(text)
