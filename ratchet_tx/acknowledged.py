"""
Asks the system how many of the bytes that were sent a peer's end has acknowledged (Linux's C{TCP_INFO}).

A system takes megabytes for a peer that reads slowly, and doesn't say by itself how far it is with passing them on.
"""

import socket
from struct import unpack_from
from typing import Any

#: Where the kernel's C{struct tcp_info} has what is asked for (C{linux/tcp.h}, since Linux 4.6): segments on their way,
#: bytes acknowledged, and bytes not sent yet.
_UNACKED, _BYTES_ACKED, _NOTSENT = 24, 120, 144

_SIZE = 148


def acknowledged(transport: Any) -> int:
    """
    Say how many bytes a peer's end has taken, where there are more for it.

    @param transport: its transport, which may have others below it
    @return: the number; -1 where all is taken, and where the system doesn't say
    """
    info = _info(transport)
    if len(info) < _SIZE or not (unpack_from("=I", info, _UNACKED)[0] or unpack_from("=I", info, _NOTSENT)[0]):
        return -1
    taken: int = unpack_from("=Q", info, _BYTES_ACKED)[0]
    return taken


def _info(transport: Any) -> bytes:
    # Under TLS, and behind a proxy's protocol, the real one is below.
    while (below := getattr(transport, "transport", None)) is not None:
        transport = below
    try:
        return transport.getHandle().getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SIZE)  # type: ignore[no-any-return]
    except (AttributeError, OSError):
        # There is no such thing on other systems, nor where it isn't TCP, nor once it is closed.
        return b""
