"""
Measures how deep arrays and objects stand in each other, without recursion.
"""

from collections.abc import Iterable, Iterator
from typing import Any

#: How deep arrays and objects may stand in each other.  Decoding and encoding recurse, so without a bound a value that
#: was read from a shallow stack could not be sent from a deeper one.
DEPTH = 256

#: How many levels are taken away to find out that a message isn't deep.
_TAKEN_AWAY = 3

#: Objects' brackets as arrays', and all bytes that are no brackets.
_AS_ARRAYS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def seemsDeep(text: bytes) -> bool:
    """
    Say whether the data of a message may be nested too deep; what else is in the message may make it seem so.

    A few levels are taken away in C, from the inside, so that what is wide and not deep costs next to nothing.
    """
    if text.count(b"[") + text.count(b"{") <= DEPTH:
        return False
    # Without what is escaped, each quote begins or ends a string.
    parts = text.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')
    brackets = b"".join(parts[::2]).translate(_AS_ARRAYS, _NO_BRACKETS)
    for _ in range(_TAKEN_AWAY):
        brackets = brackets.replace(b"[]", b"")
    # The envelope is one level more.
    return len(brackets) // 2 + _TAKEN_AWAY > DEPTH + 1


def _children(value: Any) -> Iterable[Any]:
    if type(value) is dict:
        return value.values()
    return value if type(value) is list else ()


def _levels(data: Any) -> Iterator[list[Any]]:
    """
    Walk over a value level by level, without recursion, for its depth is what we doubt.
    """
    level = [data]
    while level:
        yield level
        level = [child for value in level for child in _children(value)]


def depth(data: Any) -> int:
    """
    Count the levels of arrays and objects in a decoded value.
    """
    return sum(any(type(value) in (list, dict) for value in level) for level in _levels(data))


def values(data: Any) -> Iterator[Any]:
    """
    Give a decoded value and all that is in it.
    """
    return (value for level in _levels(data) for value in level)
