"""
The head of an HTTP request, looked through before any parser sees it; it knows nothing of sockets, nor what is asked for.

What is refused here has been used to smuggle headers past parsers that disagree: Autobahn's splits lines at bytes at which
HTTP doesn't (RFC 9112 section 2.2, RFC 9110 section 5.5).
"""

from typing import NamedTuple

from ratchet_tx.errors import RatchetError

#: What ends a request's head.
END = b"\r\n\r\n"

#: What may stand in a line: text, tabs, and bytes that are no ASCII.
_LEGAL = bytes([9, *range(32, 127), *range(128, 256)])

#: A byte that is legal in HTTP, as a part of UTF-8, and that ends a line for Python's str.splitlines.
_NEXT_LINE = b"\x85"

#: What a header's name is made of (RFC 9110 section 5.6.2).
_TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"

#: Headers that a request has once at most: who disagrees on which one counts, disagrees on who asks.
_SINGLE = (b"host", b"origin")


class BadHead(RatchetError):
    """
    A head that no parser is to see.

    @ivar status: the HTTP status to answer with
    @ivar reason: its phrase
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason


class Head(NamedTuple):
    """
    What has been found good.

    @ivar isUpgrade: whether the request wants to become a WebSocket
    @ivar headers: names in lower case, with their values
    @ivar line: the request's first line
    """

    isUpgrade: bool
    headers: list[tuple[bytes, bytes]]
    line: bytes


def readHead(head: bytes, count: int) -> Head:
    """
    Look a head through.

    @param head: all of it, with the empty line at its end
    @param count: how many headers there may be; 0 for any number
    @raise BadHead: for what may not pass
    """
    if not head.count(b"\n") == head.count(b"\r") == head.count(b"\r\n"):
        raise BadHead(400, "Bad Request")
    request, *lines = head[: -len(END)].split(b"\r\n")
    if request.translate(None, _LEGAL):
        raise BadHead(400, "Bad Request")
    headers = [_split(line) for line in lines]
    return Head(checkHeaders(headers, count), headers, request)


def _split(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon:
        raise BadHead(400, "Bad Request")
    return name.lower(), value.strip(b" \t")


def checkHeaders(headers: list[tuple[bytes, bytes]], count: int) -> bool:
    """
    Look headers through that have been taken apart.

    @param headers: names in lower case, with their values
    @param count: how many there may be; 0 for any number
    @return: whether the request wants to become a WebSocket
    @raise BadHead: for what may not pass
    """
    if 0 < count < len(headers):
        raise BadHead(431, "Request Header Fields Too Large")
    names = [name for name, _ in headers]
    values = b"".join([value for _, value in headers])
    # A blank before the colon, or before the name (which once continued the line before), is in no token either.
    if not all(names) or b"".join(names).translate(None, _TOKEN) or values.translate(None, _LEGAL):
        raise BadHead(400, "Bad Request")
    if max(map(names.count, _SINGLE)) > 1:
        raise BadHead(400, "Bad Request")
    upgrades = b",".join([value for name, value in headers if name == b"upgrade"]).lower().split(b",")
    isUpgrade = b"websocket" in [upgrade.strip() for upgrade in upgrades]
    # Pages are twisted.web's, which minds no such byte; a cookie of theirs may well have it.
    if isUpgrade and _NEXT_LINE in values:
        raise BadHead(400, "Bad Request")
    return isUpgrade
