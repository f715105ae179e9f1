"""
Asks the system how many of the bytes that were sent a peer's end has acknowledged (Linux's C{TCP_INFO}).

The system takes megabytes for a peer that reads slowly, and Twisted's transports don't say how many of them arrived.
"""

import socket
import struct
from contextlib import suppress
from typing import Any, NamedTuple

try:
    import fcntl
    import termios
except ImportError:  # pragma: no cover - there are systems without
    fcntl = None  # type: ignore[assignment]

#: Where C{tcpi_bytes_acked} stands in the kernel's C{struct tcp_info} (C{linux/tcp.h}, since Linux 4.1).
_ARRIVED = 120


class Taken(NamedTuple):
    """
    What a socket's peer has taken.

    @ivar arrived: how many bytes have arrived there, since the beginning
    @ivar waiting: how many were given to the system and have not
    """

    arrived: int
    waiting: int


def taken(transport: Any) -> Taken | None:
    """
    Ask the system what the peer has taken.

    @param transport: its transport, which may have others below it
    @return: None where the system doesn't say, or there is no socket
    """
    # Under TLS, and behind a proxy's protocol, the real one is below.
    while (below := getattr(transport, "transport", None)) is not None:
        transport = below
    with suppress(AttributeError, OSError, TypeError, ValueError, struct.error):
        handle = transport.getHandle()
        info = handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ARRIVED + 8)
        waiting = fcntl.ioctl(handle.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
        return Taken(struct.unpack_from("Q", info, _ARRIVED)[0], struct.unpack("i", waiting)[0])
    return None


def acknowledged(transport: Any) -> int:
    """
    Say how many bytes a peer's end has taken, where there are more for it.

    @param transport: as in L{taken}
    @return: the number; -1 where all is taken, and where the system doesn't say
    """
    found = taken(transport)
    return found.arrived if found is not None and found.waiting else -1
