"""
Finds the id of a message that is nested too deep to be decoded, so that it can be refused under its id.

Each step is one search in C over the text, so a long message takes no longer than decoding a good one.
"""

import re
from typing import Any

#: The key C{id} of an object, followed by a number.  Both letters may be escaped.
_ID = re.compile(rb'[{,]\s*+"(?:i|\\u0069)(?:d|\\u0064)"\s*+:\s*+(0|[1-9][0-9]{0,15})\s*+(?=[,}]|\Z)')

#: How many matches inside of strings are skipped before the search ends.
_MOST = 16

_GREATEST = 2**53 - 1


def asID(value: Any) -> int | None:
    """
    Check whether a JSON value is an id.

    @return: the id; None for what isn't one (PROTOCOL)
    """
    return value if type(value) is int and 0 <= value <= _GREATEST else None


def idOf(text: bytes) -> int | None:
    """
    Find the id in a message's envelope; of several the last counts, as in a JSON parser.

    @return: None if there is none, or if it isn't a valid id (PROTOCOL)
    """
    id, depth, start, skipped = None, 0, 0, 0
    # Once escapes are removed, each quote begins or ends a string.
    text = text.replace(rb"\\", b"").replace(rb"\"", b"")
    for found in _ID.finditer(text):
        parts = text[start : found.start() + 1].split(b'"')
        if len(parts) % 2 == 0:
            skipped += 1
            if skipped > _MOST:
                break
            continue
        between = b"".join(parts[::2])
        depth += between.count(b"{") + between.count(b"[") - between.count(b"}") - between.count(b"]")
        start = found.end()
        if depth == 1:
            id = asID(int(found[1]))
    return id
