"""
From bytes in any pieces to messages; and pauses of reading.
"""

from typing import Any

import pytest
from twisted.internet.testing import StringTransport

from ratchet_tx.transport.receiver import Receiver
from ratchet_tx.transport.sockets.turns import TURN_SECONDS
from tests.kit.fakes import override
from tests.kit.port import FakePort
from tests.kit.ways import everyWay
from tests.kit.wire import CLOSE, CONTINUATION, PING, PONG, TEXT, event, frame, frames, handshake


class Noting(Receiver):
    """
    Records the messages of a peer whose handshake is over.
    """

    def __init__(self, source: Any) -> None:
        super().__init__()
        self.factory = source
        self.messages: list[bytes] = []
        self.state = self.STATE_OPEN
        self.makeConnection(StringTransport())
        self.beginReading()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        assert not isBinary
        self.messages.append(payload)


@pytest.fixture
def source() -> FakePort:
    return FakePort(Noting)


@pytest.fixture
def receiver(source: FakePort) -> Noting:
    return Noting(source)


def test_share(source: FakePort, receiver: Noting) -> None:
    """Of a chunk 32 messages are handled in a turn, and nothing more is read until the rest is."""
    receiver.dataReceived(frame("x") * 80)
    assert (len(receiver.messages), receiver.transport.producerState) == (32, "paused")
    source.clock.advance(0)
    assert len(receiver.messages) == 80
    assert receiver.transport.producerState == "producing"


def test_longChunks(source: FakePort, receiver: Noting) -> None:
    """In a turn that has taken too long a short chunk is read; a long one waits, and everything after it too."""
    assert not source.turns.isOver()
    source.clock.rightNow += TURN_SECONDS
    receiver.dataReceived(frame("x"))
    assert receiver.messages == [b"x"]
    receiver.dataReceived(frame("y" * 10_000))
    receiver.dataReceived(frame("z"))
    assert receiver.messages == [b"x"]
    source.clock.pump([0, 0])
    assert receiver.messages == [b"x", b"y" * 10_000, b"z"]


@pytest.mark.parametrize("fast", [True, False])
def test_closedMeanwhile(source: FakePort, fast: bool) -> None:
    """Messages behind the one for which a peer is closed are dropped, except the peer's own close."""

    class Closing(Noting):
        def onMessage(self, payload: bytes, isBinary: bool) -> None:
            super().onMessage(payload, isBinary)
            self.state = self.STATE_CLOSING
            self.awaitClose()

    source.takesTexts = fast
    receiver = Closing(source)
    closes: list[bytes] = []
    take = receiver._dataReceived
    override(
        receiver, _dataReceived=lambda data: closes.append(data) if receiver.state != receiver.STATE_OPEN else take(data)
    )
    close = frame((1000).to_bytes(2, "big"), CLOSE)
    receiver.dataReceived(frame("x") + frame("y") + close)
    assert (receiver.messages, closes) == ([b"x"], [close])
    receiver.state = receiver.STATE_CLOSED
    receiver.dataReceived(close)
    assert closes == [close]


def test_closedWhileWaiting(source: FakePort, receiver: Noting) -> None:
    """Of the bytes that wait when a peer is closed, only its close counts."""
    close = frame((1000).to_bytes(2, "big"), CLOSE)
    receiver.dataReceived(frame("x") * 40 + close)
    closes: list[bytes] = []
    override(receiver, _dataReceived=closes.append)
    receiver.state = receiver.STATE_CLOSING
    receiver.awaitClose()
    source.clock.advance(0)
    assert (len(receiver.messages), closes) == (32, [close])


def test_pausedMeanwhile(source: FakePort, receiver: Noting) -> None:
    """Waiting bytes stay while reading is paused."""
    receiver.dataReceived(frame("x") * 40)
    receiver.pauseReading()
    source.clock.advance(0)
    source.clock.advance(0)
    before = len(receiver.messages)
    receiver.resumeReading()
    source.clock.pump([0, 0])
    assert (before < 40, len(receiver.messages)) == (True, 40)
    assert receiver.transport.producerState == "producing"


def test_wasPaused(receiver: Noting) -> None:
    """C{wasPaused} says whether reading was paused since its last call."""
    assert not receiver.wasPaused()
    receiver.pauseReading()
    receiver.pauseReading()
    assert [receiver.wasPaused(), receiver.wasPaused()] == [True, True]
    receiver.resumeReading()
    assert [receiver.wasPaused(), receiver.wasPaused()] == [True, False]


def test_signOfLife(source: FakePort, receiver: Noting) -> None:
    """The first byte after a ping is reported, once."""
    receiver.dataReceived(frame("x"))
    receiver.liveness.isAsked = True
    receiver.dataReceived(frame("x")[:1])
    receiver.dataReceived(frame("x")[1:])
    assert source.keepalive.heardOf == [receiver]
    assert receiver.messages == [b"x", b"x"]


def test_awaitClose(source: FakePort, receiver: Noting) -> None:
    """After the server's close only the peer's close is read, and reading is never paused."""
    closes: list[bytes] = []
    override(receiver, _dataReceived=closes.append)
    receiver.pauseReading()
    receiver.state = receiver.STATE_CLOSING
    receiver.awaitClose()
    assert receiver.transport.producerState == "producing"
    receiver.dataReceived(frame("x") * 100)
    assert closes == []
    close = frame((1000).to_bytes(2, "big"), CLOSE)
    receiver.dataReceived(frame("x") + close)
    assert closes == [close]
    assert receiver.messages == []


def test_lost(source: FakePort, receiver: Noting) -> None:
    """The waiting bytes of a lost peer are dropped, and its transport isn't called any more."""
    receiver.dataReceived(frame("x") * 40)
    receiver.wasClean = True
    receiver.onClose = lambda *_: None
    receiver.connectionLost()
    source.clock.advance(0)
    receiver.resumeReading()
    assert (len(receiver.messages), len(source.turns)) == (32, 0)
    assert receiver.transport.producerState == "paused"


# Over a server


@everyWay
def test_echo(make: Any) -> None:
    """An event arrives in a frame, and leaves in one."""
    wire = make().open()
    wire.send(event("echo", {"x": [1, "ü", None]}))
    assert [each.json for each in wire.frames()] == [{"event": "echo", "data": {"x": [1, "ü", None]}}]


@everyWay
@pytest.mark.parametrize("size", [0, 1, 100, 125, 126, 127, 4096, 65_000])
def test_sizes(make: Any, size: int) -> None:
    """Texts of every length arrive whole."""
    wire = make().open()
    wire.send(event("echo", "x" * size))
    assert wire.frames()[0].json["data"] == "x" * size


@everyWay
def test_bitByBit(make: Any) -> None:
    """A message may arrive in any pieces."""
    wire = make()
    for byte in handshake() + event("echo", 1) + frame("", PING) + event("echo", 2):
        wire.send(bytes([byte]))
    _, _, rest = wire.receive().partition(b"\r\n\r\n")
    assert [each.opcode for each in frames(rest)] == [TEXT, PONG, TEXT]


@everyWay
def test_fragments(make: Any) -> None:
    """A message in several frames is one message."""
    wire = make().open()
    wire.send(frame('{"event":"echo",', final=False) + frame('"data":', CONTINUATION, final=False))
    wire.send(frame("ping", PING) + frame("7}", CONTINUATION))
    assert [each.opcode for each in wire.frames()] == [PONG, TEXT]


@everyWay
def test_noLimit(make: Any) -> None:
    """With the limit switched off, a message may have any length."""
    wire = make(limits={"messageBytes": 0}).open()
    wire.send(event("echo", "x" * 1_000_000))
    assert len(wire.frames()[0].payload) > 1_000_000


def test_pausing(make: Any) -> None:
    """Reading from a peer can be paused and resumed."""
    wire = make().open()
    wire.protocol.pauseReading()
    assert wire.transport.producerState == "paused"
    wire.protocol.resumeReading()
    assert wire.transport.producerState == "producing"
