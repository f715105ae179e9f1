"""
Finds the id of a message that is nested too deep to be read, so that it can be refused by that id.

Each step is one search of Python's C code over the text, so that a long message costs no more than reading a good one.
"""

import re
from typing import Any

#: An id as the key of an object, with a number behind it.  Both letters may be written as escapes.
_ID = re.compile(rb'[{,]\s*+"(?:i|\\u0069)(?:d|\\u0064)"\s*+:\s*+(0|[1-9][0-9]{0,15})\s*+(?=[,}]|\Z)')

#: How many of what only looks like an id, because it stands in a text, are passed over.
_MOST = 16

_GREATEST = 2**53 - 1


def asID(value: Any) -> int | None:
    """
    Take a JSON value for an id.

    @return: None for what is no id (PROTOCOL)
    """
    return value if type(value) is int and 0 <= value <= _GREATEST else None


def idOf(text: bytes) -> int | None:
    """
    Find the id of a message's envelope: of several the last counts, as for a reader of JSON.

    @return: None where there is none, or where it is no id (PROTOCOL)
    """
    id, depth, start, passed = None, 0, 0, 0
    # So that each quote that is left begins or ends a string.
    text = text.replace(rb"\\", b"").replace(rb"\"", b"")
    for found in _ID.finditer(text):
        parts = text[start : found.start() + 1].split(b'"')
        if len(parts) % 2 == 0:
            passed += 1
            if passed > _MOST:
                break
            continue
        between = b"".join(parts[::2])
        depth += between.count(b"{") + between.count(b"[") - between.count(b"}") - between.count(b"]")
        start = found.end()
        if depth == 1:
            id = asID(int(found[1]))
    return id
