"""
What a peer or a client chose, as one line of a log.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet_tx.monitoring.printable import LONGEST, printable


@pytest.mark.parametrize("text", ["", "ada", "https://example.org:8443", "Михаил", "naïve 😀", "a b"])
def test_ordinary(text: str) -> None:
    """A text that anybody may read stays as it is."""
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
    """What a terminal or a collector of logs would obey, or what ends a quoted value, is escaped."""
    assert printable(text) == shown


def test_bytes() -> None:
    """Bytes are read as UTF-8, and shown by number where they aren't."""
    assert printable("naïve".encode()) == "naïve"
    assert printable(b"\xff\n") == r"\xff\n"
    assert printable(b"a" * 10_000, 5) == "aaaaa..."


def test_bounded() -> None:
    """Of a long text only the beginning is shown."""
    assert printable("x" * LONGEST) == "x" * LONGEST
    assert printable("x" * (LONGEST + 1)) == "x" * LONGEST + "..."
    assert printable("\x00" * 1000, 3) == r"\x00\x00\x00..."


def test_noText() -> None:
    """What is no text is shown as one."""
    assert printable(None) == "None"
    assert printable(["\n"]) == r"['\\n']"


@given(st.text() | st.binary())
def test_anything(text: str | bytes) -> None:
    """Whatever it is, what is logged of it is one printable line, which ends no quotes."""
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) <= 10 * LONGEST + 3
    assert '"' not in shown.replace("\\\\", "").replace('\\"', "")
