"""
Escaping text for the log.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet_tx.monitoring.printable import LONGEST, printable


@pytest.mark.parametrize("text", ["", "ada", "https://example.org:8443", "Михаил", "naïve 😀", "a b"])
def test_ordinary(text: str) -> None:
    """Ordinary text stays as it is."""
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("one\r\ntwo", r"one\r\ntwo"),
        ("one\u2028two\u2029\x85\x0b", r"one\u2028two\u2029\x85\x0b"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2066a\u2069\u200b\ufeff", r"\u2066a\u2069\u200b\ufeff"),
        ("half \ud83d", r"half \ud83d"),
        ("\U000e0001tag", r"\U000e0001tag"),
        ('say "hi"', r"say \"hi\""),
        ("C:\\n", r"C:\\n"),
        ("no\xa0break", r"no\xa0break"),
    ],
)
def test_escaped(text: str, shown: str) -> None:
    """Characters that control a terminal, start a new entry or end a quoted value are escaped."""
    assert printable(text) == shown


def test_bytes() -> None:
    """Bytes are read as UTF-8; other bytes are shown by their numbers."""
    assert printable("naïve".encode()) == "naïve"
    assert printable(b"\xff\n") == r"\xff\n"
    assert printable(b"a" * 10_000, 5) == "aaaaa..."


def test_bounded() -> None:
    """A long text is cut."""
    assert printable("x" * LONGEST) == "x" * LONGEST
    assert printable("x" * (LONGEST + 1)) == "x" * LONGEST + "..."
    assert printable("\x00" * 1000, 3) == r"\x00\x00\x00..."


def test_otherObjects() -> None:
    """Other objects are shown as C{str} shows them."""
    assert printable(None) == "None"
    assert printable(["\n"]) == r"['\\n']"


@given(st.text() | st.binary())
def test_anything(text: str | bytes) -> None:
    """Any text becomes one printable line that doesn't end the quotes around it."""
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) <= 10 * LONGEST + 3
    assert '"' not in shown.replace("\\\\", "").replace('\\"', "")
