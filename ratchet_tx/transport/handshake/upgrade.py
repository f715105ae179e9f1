"""
Checks the opening handshake of a WebSocket (RFC 6455 section 4.2.1).

Autobahn reads the head a second time, by other rules than ours; this takes what C{head} has read.
"""

import re
from typing import NamedTuple

from ratchet_tx.transport.handshake.head import BadHead, Head, hostIn, takeApart

#: Sixteen bytes in base64.
_KEY = re.compile(r"[A-Za-z0-9+/]{22}==")

#: The only version there is; others were drafts.
VERSION = "13"

#: Headers that say one thing once.
_SINGLE = (b"sec-websocket-extensions", b"sec-websocket-key", b"sec-websocket-version")

#: How many values of a header are looked at, and how long offered extensions may be: browsers offer one, of 42 bytes.
_VALUES = 32
_OFFERED_BYTES = 512


class Handshake(NamedTuple):
    """
    A handshake that has been checked.

    All texts are UTF-8 where they came as that, and latin-1 otherwise.

    @ivar target: the request's target, path and query as they came
    @ivar headers: their names in lower case; one that came several times has all its values, with commas between them, or
        semicolons between those of C{cookie} (RFC 9113 section 8.2.3)
    @ivar host: the Host's name, without its port
    @ivar key: what the answer is made of
    """

    target: str
    headers: dict[str, str]
    host: str
    key: str

    @property
    def extensions(self) -> str:
        """
        Give the extensions that are offered; none where they are too long, because each takes time to read.
        """
        offered = self.headers.get("sec-websocket-extensions", "")
        return offered if len(offered) <= _OFFERED_BYTES else ""

    def listed(self, name: str) -> list[str]:
        """
        Give a header's values, which stand in it with commas between them.
        """
        return _listed(self.headers, name)


def readHandshake(head: Head) -> Handshake:
    """
    Read a handshake strictly.

    @raise BadHead: for a bad handshake
    """
    target, host = _readLine(head.line)
    headers = joinHeaders(head.headers)
    if host is not None:
        headers["host"] = host
    if len(headers) < len(head.headers):
        names = [name for name, _ in head.headers]
        for single in _SINGLE:
            if names.count(single) > 1:
                raise _bad(f"two {single.decode()} headers")
    if not head.isUpgrade or "upgrade" not in [each.lower() for each in _listed(headers, "connection")]:
        raise _bad("no Upgrade: websocket with Connection: Upgrade, which a proxy has to pass on")
    if headers.get("sec-websocket-version") != VERSION:
        raise _bad(f"Sec-WebSocket-Version isn't {VERSION}")
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        # What follows is taken for frames.
        raise _bad("a handshake with a body")
    key = headers.get("sec-websocket-key", "")
    if not _KEY.fullmatch(key):
        raise _bad("Sec-WebSocket-Key isn't 16 bytes in base64")
    return Handshake(target, headers, textOf(hostIn(headers.get("host", "").encode())), key)


def _readLine(line: bytes) -> tuple[str, str | None]:
    words = line.split(b" ")
    if len(words) != 3 or not words[2].startswith(b"HTTP/"):
        raise _bad("no request line")
    method, target, version = words
    if method != b"GET":
        raise BadHead(405, "a handshake's method is GET")
    if version != b"HTTP/1.1":
        raise BadHead(505, "a handshake is HTTP/1.1, which a proxy has to speak to us")
    if b"#" in target:
        raise _bad("a # in the target")
    path, host = takeApart(target)
    if not path.startswith(b"/"):
        raise _bad("the target has no path")
    return textOf(path), None if host is None else textOf(host)


def joinHeaders(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """
    Give headers as texts by their names, as in L{Handshake}.
    """
    headers: dict[str, str] = {}
    for name, value in pairs:
        key = name.decode("ascii")
        text = _readCookies(value) if key == "cookie" else textOf(value)
        between = "; " if key == "cookie" else ", "
        headers[key] = f"{headers[key]}{between}{text}" if key in headers else text
    return headers


def _readCookies(value: bytes) -> str:
    # One by one: what one page has set as latin-1 doesn't change how another's is read.
    return ";".join(map(textOf, value.split(b";")))


def _listed(headers: dict[str, str], name: str) -> list[str]:
    return [each.strip(" \t") for each in headers[name].split(",", _VALUES)[:_VALUES]] if name in headers else []


def _bad(why: str) -> BadHead:
    return BadHead(400, why)


def textOf(data: bytes) -> str:
    """
    Read bytes of an unknown encoding, as HTTP's headers are: as UTF-8 where they are that, and latin-1 otherwise.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
