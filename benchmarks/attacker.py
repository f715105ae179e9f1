"""
One attacker: opens connections, one after another, sends what an attack says at the rate that is allowed, and counts how
each of them ends; what it sends, the attacks know.
"""

import asyncio
import json
import ssl
import struct
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from socket import SO_RCVBUF, SOL_SOCKET, socket
from typing import Any

TEXT, CLOSE, PING, PONG, CONTINUATION = 1, 8, 9, 10, 0
MASK = b"\x37\xfa\x21\x3d"

#: What a peer may send in a second by default, and a little less, so that it isn't refused for that.
RATE = 48.0

#: How many bytes cost one event, by the price that the protocol has.
BYTES_PER_EVENT = 4096

#: For how long an attacker rests between two connections, in seconds.
REST = 0.5


def frame(payload: bytes, opcode: int = TEXT, final: bool = True) -> bytes:
    """
    Make a client's frame of any size.
    """
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", final << 7 | opcode, 0x80 | size)
    elif size < 65536:
        head = struct.pack("!BBH", final << 7 | opcode, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", final << 7 | opcode, 0x80 | 127, size)
    key = int.from_bytes((MASK * (size // 4 + 1))[:size], "big")
    return head + MASK + (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")


def event(name: str, data: Any = None, **keys: Any) -> bytes:
    """
    Make a client's frame of an event.
    """
    return frame(json.dumps({"event": name, "data": data, **keys}, separators=(",", ":")).encode())


def handshake(path: str = "/", **headers: str) -> bytes:
    """
    Make a handshake.

    @param headers: others, their names with _ for -
    """
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def price(size: int) -> int:
    """
    Say what a message of so many bytes costs, in events.
    """
    return 1 + size // BYTES_PER_EVENT


async def readFrame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """
    Read a server's frame.

    @return: its opcode and its payload
    """
    first, size = await reader.readexactly(2)
    if size == 126:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", await reader.readexactly(8))
    return first & 15, await reader.readexactly(size)


class Link:
    """
    A connection of an attacker's.

    @ivar closed: whether the server has said that it closes it
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counts: Counter[str]) -> None:
        self.reader = reader
        self.writer = writer
        self.closed = False
        self._counts = counts
        self._due = time.monotonic()
        self._consuming: asyncio.Task[None] | None = None

    async def upgrade(self, request: bytes) -> None:
        """
        Make a WebSocket of it, and read and forget from then on what comes.

        @raise ConnectionError: where the server refuses
        """
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise ConnectionError(head[9:12].decode("latin-1"))
        self._consuming = asyncio.create_task(self._consume())

    async def read(self) -> tuple[int, bytes]:
        """
        Read a frame, and answer it if it is a ping.
        """
        opcode, payload = await readFrame(self.reader)
        if opcode == PING:
            self.writer.write(frame(payload, PONG))
        return opcode, payload

    async def _consume(self) -> None:
        try:
            while True:
                opcode, payload = await self.read()
                if opcode == CLOSE:
                    self._counts[f"closed {int.from_bytes(payload[:2], 'big')}"] += 1
                    self.closed = True
        except (OSError, EOFError):
            self.closed = True

    async def send(self, data: bytes, cost: float = 1, evenIfClosed: bool = False) -> None:
        """
        Send something, as soon as the rate allows it.

        @param cost: its price, in events; 0 for at once
        @raise ConnectionError: where the connection is closed
        """
        self._due = max(self._due, time.monotonic() - 1) + cost / RATE
        await asyncio.sleep(max(0.0, self._due - time.monotonic()))
        if self.closed and not evenIfClosed:
            raise ConnectionError("closed")
        self.writer.write(data)
        self._counts["sent"] += 1
        await self.writer.drain()

    def abort(self) -> None:
        """
        Be gone.
        """
        if self._consuming is not None:
            self._consuming.cancel()
        self.writer.transport.abort()


class Attacker:
    """
    One who attacks.

    @param port: the plain port
    @param tlsPort: the port that is served over TLS
    @param number: which one of the attackers it is
    @param counts: counts what was done, and how it ended
    """

    def __init__(self, port: int, tlsPort: int, number: int, counts: Counter[str]) -> None:
        self.number = number
        self.counts = counts
        self._port = port
        self._tlsPort = tlsPort
        self._links: set[Link] = set()

    async def connect(self, tls: bool = False, shake: bool = True, receiveBytes: int = 0) -> Link:
        """
        Open a connection.

        @param tls: to the port with TLS
        @param shake: whether TLS is begun there
        @param receiveBytes: how much the system may buffer of what comes; 0 for the usual
        """
        peer = socket()
        peer.setblocking(False)
        if receiveBytes:
            peer.setsockopt(SOL_SOCKET, SO_RCVBUF, receiveBytes)
        try:
            await asyncio.get_running_loop().sock_connect(peer, ("127.0.0.1", self._tlsPort if tls else self._port))
            reader, writer = await asyncio.open_connection(
                sock=peer,
                limit=max(receiveBytes, 1 << 20),
                **({"ssl": _anyCertificate(), "server_hostname": "localhost"} if tls and shake else {}),
            )
        except BaseException:
            peer.close()
            raise
        self.counts["connected"] += 1
        link = Link(reader, writer, self.counts)
        self._links.add(link)
        return link

    async def logIn(self, token: str = "", path: str = "/", **headers: str) -> Link:
        """
        Open a WebSocket and log in; the answer isn't waited for.
        """
        link = await self.connect()
        await link.upgrade(handshake(path, **headers))
        await link.send(event("socket.auth.request", {"token": token, "v": 2}))
        return link

    def drop(self, link: Link) -> None:
        """
        Let go of a connection.
        """
        self._links.discard(link)
        link.abort()

    async def attack(self, run: Callable[["Attacker"], Awaitable[None]], until: float) -> None:
        """
        Attack again and again until a time of C{time.monotonic}: each time as long as it lasts.
        """
        while (left := until - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):
                    await run(self)
            except TimeoutError:
                break
            except (OSError, EOFError, asyncio.LimitOverrunError) as error:
                self.counts[f"ended {type(error).__name__}"] += 1
            for link in list(self._links):
                self.drop(link)
            await asyncio.sleep(REST)
        for link in list(self._links):
            self.drop(link)


def _anyCertificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
