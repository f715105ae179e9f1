"""
How fast a peer takes what is sent to it.
"""

from socket import create_connection, create_server, socketpair
from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

from ratchet_tx.pace import LEAST_BYTES, PATIENCE_SECONDS, Pace, taken


@pytest.mark.parametrize("rate", [0, 100, LEAST_BYTES - 1])
def test_tooSlow(rate: int) -> None:
    """Who is slower than the least may be so for a while only."""
    pace = Pace()
    assert all(pace.went(rate, 1) for _ in range(PATIENCE_SECONDS - 1))
    assert not all(pace.went(rate, 1) for _ in range(PATIENCE_SECONDS * LEAST_BYTES))


def test_steady() -> None:
    """Who isn't slower may go on for ever, also in bursts."""
    pace = Pace()
    assert all(pace.went(LEAST_BYTES, 1) for _ in range(1000))
    assert all(pace.went(8 * LEAST_BYTES if second % 8 == 7 else 0, 1) for second in range(1000))


def test_noSavings() -> None:
    """Who was fast, and takes nothing any more, isn't waited for much longer."""
    pace = Pace()
    assert pace.went(1 << 30, 1)
    assert not all(pace.went(0, 1) for _ in range(2 * PATIENCE_SECONDS))


class Handle:
    """
    As much of a transport as is asked for its socket.
    """

    def __init__(self, socket: Any) -> None:
        self.getHandle = lambda: socket


def test_taken() -> None:
    """What a peer has taken can be asked of a socket of TCP, also inside of a wrapper, and of nothing else."""
    with create_server(("127.0.0.1", 0)) as port, create_connection(port.getsockname()) as peer:
        socket, _ = port.accept()
        with socket:
            wrapper = ProtocolWrapper(WrappingFactory(Factory()), Protocol())
            wrapper.transport = Handle(socket)  # type: ignore[assignment]
            assert taken(wrapper) == (0, 0)
            socket.sendall(b"x" * 10_000)
            peer.recv(20_000)
            while (found := taken(wrapper)) != (10_000, 0):
                assert found is not None
        assert taken(wrapper) is None
    ours, theirs = socketpair()
    with ours, theirs:
        assert taken(Handle(ours)) is None
    assert taken(object()) is None
