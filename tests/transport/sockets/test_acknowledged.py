"""
How many bytes a peer's system has taken, over real sockets, and how that keeps slow peers connected.
"""

import select
from collections.abc import Iterator
from socket import SO_RCVBUF, SOL_SOCKET, create_connection, create_server, socket, socketpair
from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

from ratchet_tx.transport.sockets.acknowledged import acknowledged, taken
from tests.deferreds.test_timeouts import Stopped
from tests.kit.fakes import override
from tests.kit.wire import CONTINUATION, TEXT, event, frame


class Transport:
    """
    A fake of the used part of a transport.
    """

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def getHandle(self) -> Any:
        return self._handle


class Wrapper:
    """
    A transport above another one, with a handle of another kind.
    """

    def __init__(self, transport: Any) -> None:
        self.transport = transport

    def getHandle(self) -> Any:
        return object()


@pytest.fixture
def pair() -> Iterator[tuple[socket, socket]]:
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with create_connection(listening.getsockname()) as client:
            server, _ = listening.accept()
            with server:
                server.setblocking(False)
                yield server, client


def fill(server: socket) -> int:
    """
    Send as much as the system takes.
    """
    sent = 0
    try:
        while True:
            sent += server.send(b"x" * 65536)
    except BlockingIOError:
        return sent


def test_slowPeer(pair: tuple[socket, socket]) -> None:
    """The number of waiting bytes that a peer has taken is known, under any wrapper, and so is whether it has taken all."""
    server, client = pair
    transport = Transport(server)
    assert acknowledged(transport) == -1
    sent = fill(server)
    before = acknowledged(transport)
    assert 0 < before < sent
    assert acknowledged(Wrapper(Wrapper(transport))) == before
    left = sent
    while left > sent // 2:
        left -= len(client.recv(65536))
    assert acknowledged(transport) > before
    while left:
        select.select([client], [], [], 10)
        left -= len(client.recv(65536))
    assert acknowledged(transport) == -1


def test_notKnown() -> None:
    """Where the system can't tell, or there is no socket, everything counts as taken."""
    one, other = socketpair()
    for transport in (Transport(one), object(), Wrapper(object())):
        assert acknowledged(transport) == -1
    one.close()
    other.close()
    assert acknowledged(Transport(one)) == -1


def test_taken() -> None:
    """The bytes that a peer has taken are known for a TCP socket, also inside a wrapper, and for nothing else."""
    with create_server(("127.0.0.1", 0)) as port, create_connection(port.getsockname()) as peer:
        handle, _ = port.accept()
        with handle:
            wrapper = ProtocolWrapper(WrappingFactory(Factory()), Protocol())
            override(wrapper, transport=Transport(handle))
            assert taken(wrapper) == (0, 0)
            handle.sendall(b"x" * 10_000)
            peer.recv(20_000)
            while (found := taken(wrapper)) != (10_000, 0):
                assert found is not None
        assert taken(wrapper) is None
    ours, theirs = socketpair()
    with ours, theirs:
        assert taken(Transport(ours)) is None
    assert taken(object()) is None


LIMITS: dict[str, Any] = {"pingSeconds": 20, "pongSeconds": 5, "sendQueueBytes": 10_000_000, "connectionBytes": 20_000_000}


@pytest.mark.parametrize("cut", [False, True])
def test_slowUpload(cut: bool) -> None:
    """A peer that sends a long message stays connected although its pong is queued behind it; until it stops."""
    server = Stopped(**LIMITS)
    peer = server.connect()
    whole = event("x", "y" * 50_000)
    for number in range(8):
        piece = whole[number * 5000 :][:5000]
        peer.sendall(frame(b"x" * 100, CONTINUATION if number else TEXT, final=False) if cut else piece)
        server.turn(4)
        server.stopFor(20)
        peer.sendall(frame(b"y", CONTINUATION, final=False) if cut else b"")
        server.turn(4)
        server.stopFor(4.9)
        assert server.hub.counters.closes == {}
    server.stopFor(20)
    server.stopFor(5)
    server.turn(6)
    assert server.hub.counters.closes == {4012: 1}
    server.close()


def test_slowReading() -> None:
    """A peer that reads slowly stays connected although its ping is queued; until it stops reading."""
    server = Stopped(**LIMITS)
    peer = server.connect()
    peer.setsockopt(SOL_SOCKET, SO_RCVBUF, 65536)
    [connection] = server.hub.connections
    connection.emit("long", "x" * 3_000_000)
    server.turn(6)
    server.stopFor(20)
    for _ in range(8):
        read = 0
        while read < 200_000:
            read += len(peer.recv(50_000))
            server.turn(1)
        server.stopFor(5)
        server.turn(4)
        assert server.hub.counters.closes == {}
    server.stopFor(5)
    server.turn(6)
    assert server.hub.counters.closes == {4012: 1}
    server.close()
