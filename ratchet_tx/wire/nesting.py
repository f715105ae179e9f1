"""
Measures how deep arrays and objects are nested, without recursion.
"""

from collections.abc import Iterable, Iterator
from typing import Any

#: How deep arrays and objects may be nested.  Decoding and encoding recurse, so without a bound a value that was decoded
#: on a shallow stack could fail to encode on a deeper one.
DEPTH = 256

#: How many levels are removed to find out that a message isn't deep.
_REMOVED = 3

#: Turns braces into brackets; and all bytes that are neither.
_AS_ARRAYS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def seemsDeep(text: bytes) -> bool:
    """
    Say whether the data of a message may be nested too deep; other keys of the message can make it say so wrongly.

    A few levels are removed in C, from the inside, so that wide data that isn't deep takes little time.
    """
    if text.count(b"[") + text.count(b"{") <= DEPTH:
        return False
    # Once escapes are removed, each quote begins or ends a string.
    parts = text.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')
    brackets = b"".join(parts[::2]).translate(_AS_ARRAYS, _NO_BRACKETS)
    for _ in range(_REMOVED):
        brackets = brackets.replace(b"[]", b"")
    # The envelope is one level more.
    return len(brackets) // 2 + _REMOVED > DEPTH + 1


def _children(value: Any) -> Iterable[Any]:
    if type(value) is dict:
        return value.values()
    return value if type(value) is list else ()


def _levels(data: Any) -> Iterator[list[Any]]:
    """
    Walk over a value level by level, without recursion: it may be too deep for that.
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
    List a decoded value and all values in it.
    """
    return (value for level in _levels(data) for value in level)
