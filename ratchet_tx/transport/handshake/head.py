"""
Reads and checks the head of an HTTP request before any parser sees it.

What is refused here has been used to smuggle headers past parsers that disagree: Autobahn's splits lines at bytes at which
HTTP doesn't (RFC 9112 section 2.2, RFC 9110 section 5.5).
"""

import re
from typing import NamedTuple

from ratchet_tx.errors import RatchetError

#: What ends a request's head.
END = b"\r\n\r\n"

_LINE_END = b"\r\n"

#: What may stand in a line: text, tabs, and bytes that are no ASCII (RFC 9110 section 5.5), such as those of UTF-8.
_LEGAL = bytes([9, *range(32, 127), *range(128, 256)])

#: What a header's name is made of (RFC 9110 section 5.6.2).
_TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"

#: A Host: a name or an address, the latter in brackets where it has colons in it, and perhaps a port (RFC 9110 section 7.2).
_HOST = re.compile(rb"""(\[[^][/?#@\\\s]+\]|[^][:/?#@\\\s,"<>]+)(?::[0-9]{1,5})?""")

#: A request line as pages are asked for.
_LINE = re.compile(rb"[^ ]+ [^ ]+ HTTP/1\.[01]")

#: A target in absolute form, and what of it the other form has (RFC 9112 section 3.2.2).
_ABSOLUTE = re.compile(rb"(?:https?|wss?)://([^/?#]*)(.*)", re.I)

#: Headers that a request may have once: parsers that disagree on which one counts, disagree on who asks.
_SINGLE = (b"host", b"origin")


class BadHead(RatchetError):
    """
    A head that is refused.

    @ivar status: the HTTP status to answer with
    @ivar why: which rule it breaks, for the log
    """

    def __init__(self, status: int, why: str) -> None:
        super().__init__(f"{status} {why}")
        self.status = status
        self.why = why


class Head(NamedTuple):
    """
    A head that has been checked.

    @ivar isUpgrade: whether the request wants to become a WebSocket
    @ivar headers: names in lower case, with their values
    @ivar line: the request's first line
    """

    isUpgrade: bool
    headers: list[tuple[bytes, bytes]]
    line: bytes


class HeadReader:
    """
    Collects the head of one request after the other, in whatever pieces it comes.

    @param mostBytes: how long a head may be; 0 for any length
    @param mostHeaders: how many headers it may have; 0 for any number
    """

    __slots__ = ("_mostBytes", "_mostHeaders", "_received", "_skipped")

    def __init__(self, mostBytes: int, mostHeaders: int) -> None:
        self._mostBytes = mostBytes
        self._mostHeaders = mostHeaders
        self._received = bytearray()
        self._skipped = False

    def __len__(self) -> int:
        """
        Say how many bytes are collected.
        """
        return len(self._received)

    def feed(self, data: bytes) -> Head | None:
        """
        Add what came.

        @return: the head, once all of it is there
        @raise BadHead: for a bad head; then nothing more may be fed
        """
        # Only what is new is looked at, and the three bytes before it: the cost is linear, whatever the pieces.
        start = max(0, len(self._received) - len(END) + 1)
        self._received += data
        if self._received.startswith(_LINE_END):
            # Some clients send an empty line behind a form's body; one is allowed (RFC 9112 section 2.2).
            if self._skipped:
                raise BadHead(400, "no request line")
            self._skipped, start = True, 0
            del self._received[: len(_LINE_END)]
            if self._received.startswith(_LINE_END):
                raise BadHead(400, "no request line")
        end = self._received.find(END, start)
        size = end + len(END) if end >= 0 else len(self._received)
        if 0 < self._mostBytes < size:
            raise BadHead(431, f"the head is longer than headBytes={self._mostBytes}")
        return readHead(bytes(self._received[:size]), self._mostHeaders) if end >= 0 else None

    def take(self) -> bytes:
        """
        Take all that is collected, the head and what follows it, and begin anew.
        """
        received, self._received, self._skipped = bytes(self._received), bytearray(), False
        return received


def readHead(head: bytes, count: int) -> Head:
    """
    Check a head.

    @param head: all of it, with the empty line at its end
    @param count: how many headers there may be; 0 for any number
    @raise BadHead: for a bad head
    """
    if not head.count(b"\n") == head.count(b"\r") == head.count(b"\r\n"):
        raise BadHead(400, "a CR or an LF alone")
    request, *lines = head[: -len(END)].split(b"\r\n")
    if request.translate(None, _LEGAL):
        raise BadHead(400, "a control character in the request line")
    headers = [_split(line) for line in lines]
    return Head(checkHeaders(headers, count), headers, request)


def _split(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon:
        raise BadHead(400, "a header without a colon")
    return name.lower(), value.strip(b" \t")


def checkHeaders(headers: list[tuple[bytes, bytes]], count: int) -> bool:
    """
    Check headers.

    @param headers: names in lower case, with their values
    @param count: how many there may be; 0 for any number
    @return: whether the request wants to become a WebSocket
    @raise BadHead: for a bad head
    """
    if 0 < count < len(headers):
        raise BadHead(431, f"more headers than headCount={count}")
    names = [name for name, _ in headers]
    values = b"".join([value for _, value in headers])
    # A blank before the colon, or before the name (which once continued the line before), is in no token either.
    if not all(names) or b"".join(names).translate(None, _TOKEN):
        raise BadHead(400, "a header's name has a character that none may have, or a blank beside it")
    if values.translate(None, _LEGAL):
        raise BadHead(400, "a control character in a header's value")
    if max(map(names.count, _SINGLE)) > 1:
        raise BadHead(400, "two Host or two Origin headers")
    upgrades = b",".join([value for name, value in headers if name == b"upgrade"]).lower().split(b",")
    isUpgrade = b"websocket" in [upgrade.strip() for upgrade in upgrades]
    if not isUpgrade and b"sec-websocket-key" in names:
        # It would get a page, and the client would not see why.
        raise BadHead(400, "a handshake without its Upgrade header, which a proxy has to pass on")
    return isUpgrade


def hostIn(value: bytes) -> bytes:
    """
    Take the name out of a Host.

    @return: without its port
    @raise BadHead: where it has anything beside a name and a port, such as a user
    """
    found = _HOST.fullmatch(value)
    if found is None:
        raise BadHead(400, "Host isn't a name with perhaps a port")
    return found[1]


def takeApart(target: bytes) -> tuple[bytes, bytes | None]:
    """
    Read a request's target, which may name the host, too; then that counts, and not the header (RFC 9112 section 3.2.2).

    @return: the target without a host, and the host; None where it names none
    @raise BadHead: for a host that isn't one
    """
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        return target, None
    hostIn(found[1])
    return (found[2] if found[2].startswith(b"/") else b"/" + found[2]), found[1]


def explainFraming(head: Head) -> str:
    """
    Say which rule of RFC 9112 sections 3 and 6 a page's request breaks.  What reads its body refuses it.

    @return: blank where it breaks none
    """
    lengths = [value for name, value in head.headers if name == b"content-length"]
    isCoded = any(name == b"transfer-encoding" for name, _ in head.headers)
    if not _LINE.fullmatch(head.line):
        return "no request line of a method, a target and HTTP/1.1"
    if lengths and isCoded:
        return "Transfer-Encoding beside Content-Length"
    if len(lengths) > 1 or not all(length.isdigit() for length in lengths):
        return "no Content-Length of one number"
    return ""
