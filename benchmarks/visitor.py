"""
Who only comes to go: opens a connection, logs in, takes leave, and waits for the end; on bare sockets, for a whole WebSocket
client costs more at each connection than the servers do.
"""

from collections.abc import Callable, Generator
from select import EPOLLIN, epoll
from socket import IPPROTO_TCP, TCP_NODELAY, socket
from time import perf_counter

from benchmarks.dialects import Plain, Unexpected

TEXT, CLOSE = 1, 8
MASK = b"\x37\xfa\x21\x3d"


def frame(opcode: int, payload: bytes) -> bytes:
    """
    Make a client's frame of less than 126 bytes.
    """
    key = int.from_bytes((MASK * (len(payload) // 4 + 1))[: len(payload)], "big")
    masked = (int.from_bytes(payload, "big") ^ key).to_bytes(len(payload), "big")
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + MASK + masked


def cut(data: bytes) -> tuple[int, bytes, bytes] | None:
    """
    Cut a server's frame, of less than 64 KiB, off what has come.

    @return: its opcode, its payload, and what comes after it; None where it isn't whole yet
    """
    if len(data) < 2:
        return None
    at, size = 2, data[1]
    if size == 126:
        at, size = 4, int.from_bytes(data[2:4], "big")
    if len(data) < at + size:
        return None
    return data[0] & 15, data[at : at + size], data[at + size :]


class Visitor:
    """
    One who comes and goes, once.

    @param token: to log in by
    @ivar seconds: how long it took until he was logged in
    """

    def __init__(self, port: int, dialect: Plain, token: str) -> None:
        self._dialect = dialect
        self._token = token
        self._port = port
        self._data = b""
        self.socket = socket()
        self.seconds = 0.0

    def visit(self) -> Generator[None, None, None]:
        """
        Come and go; each step waits until there is something to read.

        @raise Unexpected: where the server doesn't do its part
        """
        start = perf_counter()
        # On the loopback this waits for nothing.
        self.socket.connect(("127.0.0.1", self._port))
        self.socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.socket.send(self._handshake())
        while b"\r\n\r\n" not in self._data:
            yield from self._read()
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            raise Unexpected(f"the handshake was refused: {head[:80]!r}")
        yield from self._logIn()
        self.seconds = perf_counter() - start
        self.socket.send(frame(CLOSE, b"\x03\xe8"))
        while (yield from self._message())[0] != CLOSE:
            continue
        while True:
            yield
            if not self.socket.recv(65536):
                return self.socket.close()

    def _handshake(self) -> bytes:
        return (
            f"GET {self._dialect.path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()

    def _logIn(self) -> Generator[None, None, None]:
        login = self._dialect.login(self._token)
        try:
            say = next(login)
            while True:
                if say is not None:
                    self.socket.send(frame(TEXT, say))
                opcode, message = yield from self._message()
                if opcode != TEXT:
                    raise Unexpected(f"instead of an answer to the login came {message!r}")
                say = login.send(message)
        except StopIteration:
            pass

    def _message(self) -> Generator[None, None, tuple[int, bytes]]:
        while (found := cut(self._data)) is None:
            yield from self._read()
        opcode, payload, self._data = found
        return opcode, payload

    def _read(self) -> Generator[None, None, None]:
        yield
        data = self.socket.recv(65536)
        if not data:
            raise Unexpected("the server closed before the visit was over")
        self._data += data


def receive(port: int, dialect: Plain, atOnce: int, end: float, visited: Callable[[Visitor], None]) -> None:
    """
    Have visitors come and go until a time, so many of them at once.

    @param end: of C{perf_counter}
    @param visited: is told of each whose visit is over
    @raise Unexpected: where the server doesn't do its part
    """
    number = 0
    visits: dict[int, tuple[Visitor, Generator[None, None, None]]] = {}
    with epoll() as poll:

        def begin() -> None:
            nonlocal number
            number += 1
            visitor = Visitor(port, dialect, f"token-{19_000 + number % 1000}")
            visit = visitor.visit()
            next(visit)
            visits[visitor.socket.fileno()] = visitor, visit
            poll.register(visitor.socket, EPOLLIN)

        for _ in range(atOnce):
            begin()
        while visits:
            for descriptor, _ in poll.poll(30) or _silent():
                visitor, visit = visits[descriptor]
                try:
                    next(visit)
                except StopIteration:
                    del visits[descriptor]
                    visited(visitor)
                    if perf_counter() < end:
                        begin()


def _silent() -> list[tuple[int, int]]:
    raise Unexpected("the server says nothing any more")
