"""
The ids of messages that are nested too deep to be decoded.
"""

from typing import Any

import pytest

from ratchet_tx.wire.messageid import asID, idOf


def deep(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("text", "id"),
    [
        (b'{"event":"x","id":7,"data":' + deep(30_000) + b"}", 7),
        (b'{"event":"x","data":' + deep(30_000) + b',"id":7}', 7),
        (b'{"event":"x","data":' + deep(30_000) + b', "\\u0069\\u0064" : 7 }', 7),
        (b'{"data":[' + b'{"id":1},' * 3000 + deep(2000) + b'],"id":7}', 7),
        (b'{"data":{"id":1,"x":' + deep(2000) + b"}}", None),
        (b'{"data":["{,\\"id\\":1",' + deep(2000) + b'],"id":7}', 7),
        (b'{"data":["\\\\",' + deep(2000) + b'],"id":7}', 7),
        (b'{"data":["\\\\\\"",{"id":1},' + deep(2000) + b'],"id":7}', 7),
        (b'{"id":1,"data":' + deep(2000) + b',"id":7}', 7),
        (b'{"id":9007199254740991,"data":' + deep(2000) + b"}", 2**53 - 1),
        (b'{"id":9007199254740992,"data":' + deep(2000) + b"}", None),
        (b'{"id":-7,"data":' + deep(2000) + b"}", None),
        (b'{"id":7.5,"data":' + deep(2000) + b"}", None),
        (b'{"id":"7","data":' + deep(2000) + b"}", None),
        (b'{"id":07,"data":' + deep(2000) + b"}", None),
        (b'[{"id":7},' + deep(2000) + b"]", None),
        (deep(2000), None),
        (b"", None),
    ],
)
def test_idOf(text: bytes, id: int | None) -> None:
    """The id of the envelope is found at any place, and no other id is."""
    assert idOf(text) == id


def test_manyThatAreNone() -> None:
    """Matches inside of strings are skipped, but only a few."""
    assert idOf(b'{"x":"' + b'{"id":7,\\"' * 6000) is None


@pytest.mark.parametrize(
    ("value", "id"),
    [
        (0, 0),
        (2**53 - 1, 2**53 - 1),
        (2**53, None),
        (-1, None),
        (1.0, None),
        (True, None),
        ("1", None),
        (None, None),
        ([1], None),
    ],
)
def test_asID(value: Any, id: int | None) -> None:
    """An id is an integer that every browser can represent."""
    assert asID(value) == id
