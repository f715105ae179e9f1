"""
A peer over a raw socket, which reads as slowly and answers pings as late as a test wants.
"""

import json
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from socket import SO_RCVBUF, SOL_SOCKET, socket
from time import monotonic
from typing import Any

from tests.kit.processes import PATIENCE
from tests.kit.wire import CLOSE, PING, PONG, TEXT, Stream, event, frame, handshake

#: How long a peer waits for something to read before another has its turn.
_TURN = 0.01


class RawPeer:
    """
    A peer over a raw socket.

    @param context: for TLS
    @param buffer: the size of the receive buffer; by default the system's
    @ivar pings: how often it was pinged
    @ivar messages: the received messages
    @ivar code: the server's close code; 1006 without a close
    @ivar pinged: called at a ping, before the pong
    """

    def __init__(self, port: int, context: ssl.SSLContext | None = None, buffer: int = 0) -> None:
        self.pings = 0
        self.messages: list[Any] = []
        self.code: int | None = None
        self.pinged: Callable[[], None] = lambda: None
        self._head = b""
        self._stream = Stream()
        self._port = port
        self._socket = socket()
        if buffer:
            self._socket.setsockopt(SOL_SOCKET, SO_RCVBUF, buffer)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(("127.0.0.1", port))
        if context is not None:
            self._socket = context.wrap_socket(self._socket, server_hostname="localhost")

    @property
    def isOpen(self) -> bool:
        """
        Say whether the handshake has been answered, and the connection hasn't ended.
        """
        return self._head.endswith(b"\r\n\r\n") and self.code is None

    def shakeHands(self) -> None:
        self.write(handshake(host=f"localhost:{self._port}"))

    def emit(self, name: str, data: Any = None, **keys: Any) -> None:
        self.write(event(name, data, **keys))

    def write(self, data: bytes) -> None:
        self._socket.settimeout(PATIENCE)
        self._socket.sendall(data)

    def read(self, size: int = 65536) -> None:
        """
        Read what is there, at most this many bytes, and answer pings.
        """
        self._socket.settimeout(_TURN)
        try:
            data = self._socket.recv(size)
        except TimeoutError:
            return
        except OSError:
            data = b""
        if not data:
            self.code = self.code or 1006
            return
        self._take(data)

    def _take(self, data: bytes) -> None:
        if not self._head.endswith(b"\r\n\r\n"):
            head, end, data = (self._head + data).partition(b"\r\n\r\n")
            self._head = head + end
            assert b" 101 " in head[:20], head
        for each in self._stream.feed(data):
            if each.opcode == PING:
                self.pings += 1
                self.pinged()
                with suppress(OSError):
                    self.write(frame(each.payload, PONG))
            elif each.opcode == CLOSE:
                self.code = each.code
            elif each.opcode == TEXT:
                self.messages.append(json.loads(each.payload))

    def close(self) -> None:
        self._socket.close()


def readUntil(peers: Sequence[RawPeer], done: Callable[[], bool], size: int = 65536) -> None:
    """
    Let peers read in turn until a condition is true.
    """
    end = monotonic() + PATIENCE
    while not done():
        assert monotonic() < end, [(peer.code, peer.pings, len(peer.messages)) for peer in peers]
        for peer in peers:
            peer.read(size)
        assert not any(peer.code for peer in peers), [peer.code for peer in peers]


@contextmanager
def peers(port: int, count: int, context: ssl.SSLContext | None = None, buffer: int = 0) -> Iterator[list[RawPeer]]:
    """
    Connect this many peers.
    """
    with ExitStack() as stack:
        made = [stack.enter_context(closing(RawPeer(port, context, buffer))) for _ in range(count)]
        for each in made:
            each.shakeHands()
        readUntil(made, lambda: all(each.isOpen for each in made))
        yield made


def after(seconds: float) -> Callable[[], bool]:
    """
    Make a condition that is true after this many seconds.
    """
    end = monotonic() + seconds
    return lambda: monotonic() >= end


def assertLives(made: list[RawPeer]) -> None:
    """
    Check that all peers are pinged again and again, and none is closed.
    """
    before = [each.pings for each in made]
    readUntil(made, lambda: all(each.pings >= pings + 3 for each, pings in zip(made, before, strict=True)))
