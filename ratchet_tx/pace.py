"""
Measures how fast a peer takes what is sent to it, so that one that reads a byte a minute can be ended.

No transport of Twisted's says how many bytes have been taken; the system knows how many of a socket's have arrived.
"""

import socket
import struct
from contextlib import suppress
from typing import Any, NamedTuple

from twisted.protocols.policies import ProtocolWrapper

try:
    import fcntl
    import termios
except ImportError:  # pragma: no cover - there are systems without
    fcntl = None  # type: ignore[assignment]

#: How many bytes a second a peer has to take or to send, on average.
LEAST_BYTES = 1024

#: Over how many seconds it may do less.
PATIENCE_SECONDS = 10

#: How many seconds may be saved up by being faster: what arrives in bursts is slow in between.
_MOST_SECONDS = 20


class Pace:
    """
    The pace of one peer: seconds that it has left, of which each byte brings some.
    """

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = float(PATIENCE_SECONDS)

    def went(self, count: int, seconds: float) -> bool:
        """
        Note what was done in a time.

        @param count: how many bytes were taken, or sent
        @return: whether the peer may go on
        """
        self._left = min(self._left + count / LEAST_BYTES - seconds, _MOST_SECONDS)
        return self._left > 0


class Taken(NamedTuple):
    """
    What a socket's peer has taken.

    @ivar arrived: how many bytes have arrived there, since the beginning
    @ivar waiting: how many were given to the system and have not
    """

    arrived: int
    waiting: int


#: Where C{tcpi_bytes_acked} stands in Linux's C{struct tcp_info}, since Linux 4.1.
_ARRIVED = 120


def taken(transport: Any) -> Taken | None:
    """
    Ask the system what the peer has taken.

    @param transport: a transport of TCP, or what wraps one
    @return: None where the system doesn't say, or there is no socket
    """
    while isinstance(transport, ProtocolWrapper):
        transport = transport.transport
    with suppress(AttributeError, OSError, TypeError, ValueError, struct.error):
        handle = transport.getHandle()
        info = handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ARRIVED + 8)
        waiting = fcntl.ioctl(handle.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
        return Taken(struct.unpack_from("Q", info, _ARRIVED)[0], struct.unpack("i", waiting)[0])
    return None
