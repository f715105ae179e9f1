"""
This package's protocol compared with bare Autobahn under the same limits: equal bytes give equal messages, closes and
answers.
"""

from typing import Any, cast

import pytest
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from hypothesis import given
from hypothesis import strategies as st

from ratchet_tx import Hub, RatchetServerFactory, Settings
from ratchet_tx.transport.protocol import RatchetServerProtocol
from tests.kit.examples import examples
from tests.kit.fakes import logged
from tests.kit.ways import MEMORY, WAYS, Way
from tests.kit.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, frame

LIMIT = 300


class BareProtocol(WebSocketServerProtocol):  # type: ignore[misc]
    """
    Autobahn's protocol, which records its messages.
    """

    log = RatchetServerProtocol.log

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.factory.messages.append((payload, isBinary))


class OurProtocol(RatchetServerProtocol):
    """
    This package's protocol, which records the messages that it would pass to the hub.
    """

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        cast(Ours, self.factory).messages.append((payload, isBinary))


class Bare(WebSocketServerFactory):  # type: ignore[misc]
    protocol = BareProtocol

    def __init__(self) -> None:
        super().__init__(server="", reactor=MEMORY.makeReactor())
        self.messages: list[Any] = []
        self.setProtocolOptions(
            failByDrop=False, maxFramePayloadSize=LIMIT, maxMessagePayloadSize=LIMIT, openHandshakeTimeout=0
        )


class Ours(RatchetServerFactory):
    protocol = OurProtocol

    def __init__(self, way: Way) -> None:
        limits = Settings().limits.having({"messageBytes": LIMIT, "pingSeconds": 0, "eventsPerSecond": 0}, "test")
        reactor = way.makeReactor()
        super().__init__(Hub(clock=reactor, settings=Settings(limits=limits, without=way.without)), reactor)
        self.messages: list[Any] = []


def outcome(way: Way, factory: Any, pieces: list[bytes]) -> Any:
    """
    Send some bytes after a good handshake, and record everything that follows.
    """
    with logged():
        if isinstance(factory, Ours):
            factory.hub.startService()
        wire = way.makeWire(factory).open()
        for piece in pieces:
            if wire.transport.disconnecting or wire.protocol.state == wire.protocol.STATE_CLOSED:
                break
            wire.send(piece)
        protocol = wire.protocol
        # After a close for a bad message only the peer's own close is read here; Autobahn still reads the rest.
        end = None if protocol.failedByMe else (protocol.state, protocol.wasClean, protocol.remoteCloseCode)
        said = (factory.messages, wire.receive(), end)
        wire.lose()
        if isinstance(factory, Ours):
            factory.hub.stopService()
    return said


frames = st.one_of(
    st.builds(
        frame,
        st.binary(max_size=140),
        opcode=st.sampled_from([CONTINUATION, 1, BINARY, 3, CLOSE, PING, PONG, 11]),
        final=st.booleans(),
        masked=st.sampled_from([True, True, True, False]),
        rsv=st.sampled_from([0, 0, 0, 0, 1, 4]),
    ),
    st.builds(lambda text: frame(text), st.text(max_size=100)),
    st.builds(
        lambda code, reason: frame(code.to_bytes(2, "big") + reason, CLOSE), st.integers(0, 5000), st.binary(max_size=20)
    ),
    st.just(frame("x" * (LIMIT + 1))),
    st.just(frame('{"event":"x"}')),
    st.binary(max_size=20),
)


def cutUp(data: bytes, cuts: list[int]) -> list[bytes]:
    pieces = []
    for cut in cuts:
        pieces.append(data[:cut])
        data = data[cut:]
    pieces.append(data)
    return [piece for piece in pieces if piece]


# Hypothesis itself sets this mark on tests with C{given}, but pytest-twisted can't run such tests several ways.
@pytest.mark.hypothesis
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_likeAutobahn(way: Way) -> None:
    """Any bytes in any pieces are read and answered as Autobahn does, with and without shortcuts."""

    @examples(300)
    @given(st.lists(frames, max_size=8), st.lists(st.integers(1, 60), max_size=40))
    def check(sent: list[bytes], cuts: list[int]) -> None:
        pieces = cutUp(b"".join(sent), cuts)
        # Over a socket bare Autobahn would reset the connection after a clean handshake, and lose its last frames.
        assert outcome(way, Ours(way), pieces) == outcome(MEMORY, Bare(), pieces)

    check()
