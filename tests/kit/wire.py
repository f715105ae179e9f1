"""
WebSocket frames as bytes, written from RFC 6455 for the tests, independent of the package.
"""

import json
from itertools import cycle
from typing import Any, NamedTuple

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0

#: The example of RFC 6455 section 1.3, and the server's response.
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

#: A secret that the tests' peers put wherever a peer may put one; no log may ever show it.
PLANTED = "planted-7f3a91"

MASK = b"\x37\xfa\x21\x3d"


def handshake(path: str = "/", host: str = "localhost:8080", **headers: str) -> bytes:
    """
    Make a client's handshake.

    @param headers: further headers, their names with _ for -; an empty value leaves one out
    """
    fields = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY.decode(),
        "Sec-WebSocket-Version": "13",
        "Cookie": f"session={PLANTED}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items() if value)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def frame(payload: bytes | str, opcode: int = TEXT, final: bool = True, masked: bool = True, rsv: int = 0) -> bytes:
    """
    Make a client's frame.
    """
    payload = payload.encode() if isinstance(payload, str) else payload
    first = bytes([final << 7 | rsv << 4 | opcode])
    bit = masked << 7
    size = len(payload)
    if size < 126:
        head = first + bytes([bit | size])
    elif size < 65536:
        head = first + bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        head = first + bytes([bit | 127]) + size.to_bytes(8, "big")
    if not masked:
        return head + payload
    return head + MASK + bytes(byte ^ key for byte, key in zip(payload, cycle(MASK), strict=False))


def event(name: str, data: Any = None, **keys: Any) -> bytes:
    """
    Make a client's frame of an event.
    """
    return frame(json.dumps({"event": name, "data": data, "planted": PLANTED, **keys}))


class Frame(NamedTuple):
    """
    A frame that a server sent.
    """

    opcode: int
    payload: bytes

    @property
    def json(self) -> Any:
        assert self.opcode == TEXT
        return json.loads(self.payload)

    @property
    def code(self) -> int:
        assert self.opcode == CLOSE
        return int.from_bytes(self.payload[:2], "big")


def frames(data: bytes) -> list[Frame]:
    """
    Split a server's frames; each must be whole, final and unmasked.
    """
    found = []
    while data:
        first, size = data[0], data[1]
        assert first & 0xF0 == 0x80, "final, and no extension's bits"
        assert size < 128, "a server masks nothing"
        at = 2
        if size == 126:
            at, size = 4, int.from_bytes(data[2:4], "big")
            assert size >= 126
        elif size == 127:
            at, size = 10, int.from_bytes(data[2:10], "big")
            assert size >= 65536
        payload = data[at : at + size]
        assert len(payload) == size, "whole"
        found.append(Frame(first & 0x0F, payload))
        data = data[at + size :]
    return found


class Stream:
    """
    Reads a server's frames from bytes in pieces of any size.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Frame]:
        """
        Read some bytes.

        @return: the frames that are now complete
        """
        self._rest += data
        end = 0
        while (size := self._sizeAt(end)) is not None and end + size <= len(self._rest):
            end += size
        whole, self._rest = self._rest[:end], self._rest[end:]
        return frames(whole)

    def _sizeAt(self, at: int) -> int | None:
        head = self._rest[at : at + 10]
        if len(head) < 2:
            return None
        more = {126: 2, 127: 8}.get(head[1], 0)
        if len(head) < 2 + more:
            return None
        return 2 + more + (int.from_bytes(head[2 : 2 + more], "big") if more else head[1])
