"""
Measuring how deep arrays and objects are nested.
"""

from typing import Any

import msgspec
import pytest

from ratchet_tx.wire.nesting import DEPTH, depth, seemsDeep, values


@pytest.mark.parametrize(
    ("data", "levels"), [(1, 0), ("[[[", 0), ([], 1), ({}, 1), ([[], {"a": []}], 3), ([1, [2, [3]], 4], 3)], ids=repr
)
def test_depth(data: Any, levels: int) -> None:
    """Each array and object inside of another is a level."""
    assert depth(data) == levels


def test_veryDeep() -> None:
    """A value deeper than Python's stack can be measured."""
    data: Any = None
    for _ in range(100_000):
        data = [data]
    assert depth(data) == 100_000


def test_values() -> None:
    """All values are listed, those that contain others too."""
    assert list(values([1, {"a": "b"}])) == [[1, {"a": "b"}], 1, {"a": "b"}, "b"]


@pytest.mark.parametrize("more", [1, 2, 1000])
def test_deepIsNeverMissed(more: int) -> None:
    """A message with data that is too deep always seems deep, with other values beside it and without."""
    deep = b"[" * (DEPTH + more) + b"]" * (DEPTH + more)
    assert seemsDeep(b'{"data":' + deep + b"}")
    assert seemsDeep(b'{"more":[[],[],[[]]],"data":' + deep + b',"other":{"a":[]}}')


def test_flat() -> None:
    """Any number of arrays and objects beside each other don't seem deep."""
    assert not seemsDeep(msgspec.json.encode([[{}, []]] * 1000))
