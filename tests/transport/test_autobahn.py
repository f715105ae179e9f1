"""
Autobahn's protocol with less state, its masker in C, and the messages that it refuses.
"""

from typing import Any

import pytest
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from ratchet_tx import Hub, RatchetServerFactory, Settings
from ratchet_tx.transport import autobahn
from ratchet_tx.transport.autobahn import LeanProtocol, Quiet, unmaskLong
from ratchet_tx.transport.protocol import RatchetServerProtocol
from ratchet_tx.wire.frames import makeText, unmask
from tests.kit.ends import Wire
from tests.kit.fakes import logged
from tests.kit.talk import Talk
from tests.kit.ways import everyWay
from tests.kit.wire import BINARY, CLOSE, CONTINUATION, PING, event, frame, handshake


def test_unmask() -> None:
    """A mask is removed as in the example of RFC 6455 section 5.7."""
    assert unmaskLong(b"\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") == b"Hello"


@given(st.binary(max_size=1000), st.binary(min_size=4, max_size=4))
def test_unmaskAsPythonDoes(data: bytes, mask: bytes) -> None:
    """Any payload and mask give the same result as in Python."""
    assert unmaskLong(mask + data) == unmask(mask + data)


@pytest.mark.parametrize("size", [65_535, 1 << 20])
def test_unmaskLong(size: int) -> None:
    """Long payloads too, and the given payload stays unchanged."""
    data = b"abcd" + bytes(range(256)) * (size // 256)
    before = bytes(data)
    assert unmaskLong(data) == unmask(data)
    assert data == before


def test_unmaskWithoutTheLibrary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Autobahn's masker in C, Python removes the mask."""
    monkeypatch.setattr(autobahn, "lib", None)
    assert unmaskLong(b"\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") == b"Hello"


def test_quiet() -> None:
    """Autobahn's errors are logged, and its other lines are dropped."""
    log = Quiet()
    with logged() as lines:
        for level in (log.trace, log.debug, log.info, log.warn):
            level("sesame {why}", why="so")
        log.error("It broke: {why}", why="so")
        log.critical("It broke badly")
    assert lines == ["It broke: so", "It broke badly"]


def connected(factory: Any) -> Any:
    protocol = factory.buildProtocol(IPv4Address("TCP", "192.0.2.1", 1))
    protocol.makeConnection(StringTransport())
    return protocol


class _Lean(RatchetServerFactory):
    def buildProtocol(self, addr: Any) -> Any:
        return self.buildSocket(addr)


#: The state that Autobahn makes for each connection, and we share or make when it is needed.
_OBJECTS = {"is_closed", "is_open", "trafficStats", "utf8validator", "_transport_details", "peer", "send_queue"}

#: The state of Twisted's connections, and Autobahn's for events without listeners.
_OTHERS = {"factory", "transport", "_valid_events", "_results", "trackTimings"}


def test_state() -> None:
    """A connection starts with all of Autobahn's state, and stores hardly any of it itself."""
    bare = connected(_bareFactory())
    lean = connected(_Lean(Hub(clock=Clock())))
    expected = {name: value for name, value in vars(bare).items() if name not in _OBJECTS | _OTHERS | _options()}
    assert {name: getattr(lean, name) for name in expected} == expected
    assert set(vars(lean)) == {"connected", "factory", "transport", "outlet", "liveness"}
    for name in _OBJECTS:
        assert hasattr(lean, name)
    # A comparison of nothing would hide the attributes of a later version.
    assert len(expected) > 20


def _options() -> set[str]:
    return set(WebSocketServerProtocol.CONFIG_ATTRS)


def _bareFactory() -> Any:
    factory = WebSocketServerFactory(server="", reactor=Clock())
    factory.setProtocolOptions(openHandshakeTimeout=0)
    factory.protocol = WebSocketServerProtocol
    return factory


def test_options() -> None:
    """Every option of Autobahn's is read from the factory, whenever it is set there."""
    factory = _Lean(Hub(clock=Clock()))
    protocol = connected(factory)
    for name in _options():
        assert getattr(protocol, name) is getattr(factory, name)
    factory.maxMessagePayloadSize = 17
    assert protocol.maxMessagePayloadSize == 17


def test_statistics() -> None:
    """Autobahn's counters count all connections of a factory together."""
    factory = _Lean(Hub(clock=Clock()))
    assert connected(factory).trafficStats is connected(factory).trafficStats is factory.trafficStats


def test_unusedDeferreds() -> None:
    """Autobahn may fire the Deferreds that were replaced, and nothing happens."""
    LeanProtocol.is_open.callback(None)
    assert not LeanProtocol.is_open.called


class _Choosy(RatchetServerProtocol):
    def onConnect(self, request: Any) -> Any:
        super().onConnect(request)
        return request.protocols[int(self._request.query["which"][0])], {"X-Asked": self._request.path}


def test_subprotocols() -> None:
    """A protocol subclass may choose among the client's subprotocols, and add headers to the response."""
    answer = _ask("/a?which=1")
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Protocol: y\r\n" in answer
    assert b"X-Asked: /a\r\n" in answer


@pytest.mark.parametrize("query", ["", "?which=2", "?which=x"])
def test_failing(query: str) -> None:
    """A subclass that raises there refuses the handshake; the error is logged, and the peer isn't told."""
    with logged() as lines:
        answer = _ask(f"/{query}")
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"which" not in answer
    assert any("Handshake failed: address=192.0.2.7" in line for line in lines)


def _ask(path: str) -> bytes:
    factory = RatchetServerFactory(Hub(clock=Clock()), reactor=Clock())
    factory.protocol = _Choosy
    factory.hub.startService()
    wire = Wire(factory)
    wire.send(handshake(path, Sec_WebSocket_Protocol="x, y"))
    return wire.receive()


# Over a server


@everyWay
class TestRefusals:
    def closed(self, wire: Wire) -> int:
        closing = wire.frames()[-1]
        assert closing.opcode == CLOSE
        return closing.code

    def test_tooBig(self, make: Any, talk: Talk) -> None:
        """A message above 64 KiB is closed with 1009, as soon as its length is known."""
        wire = make().open()
        wire.send(frame("x" * 65_537)[:20])
        assert self.closed(wire) == 1009
        wire.lose()
        assert talk.ends[0]["code"] == 1009

    def test_tooBigInPieces(self, make: Any) -> None:
        """A message that grows above the limit piece by piece is closed with 1009 too."""
        wire = make().open()
        wire.send(frame("x" * 60_000, final=False))
        assert wire.frames() == []
        wire.send(frame("x" * 6_000, CONTINUATION, final=False))
        assert self.closed(wire) == 1009

    def test_binary(self, make: Any, talk: Talk) -> None:
        """A binary message is closed with 1003."""
        wire = make().open()
        wire.send(frame(b"\x00", BINARY))
        assert self.closed(wire) == 1003
        wire.send(frame(b"\x00", BINARY) + frame((1003).to_bytes(2, "big"), CLOSE))
        wire.lose()
        assert talk.ends == [{"code": 1003, "reason": "Only text is understood", "clean": True}]

    def test_notUTF8(self, make: Any) -> None:
        """Text that isn't UTF-8 is closed with 1007."""
        wire = make().open()
        wire.send(frame(b'{"event":"echo","data":"\xff"}'))
        assert self.closed(wire) == 1007

    @pytest.mark.parametrize(
        "data",
        [
            frame("x", masked=False),
            frame("x", opcode=3),
            frame("x", rsv=4),
            frame("x" * 126, PING),
            frame("x", PING, final=False),
            frame("x", CONTINUATION),
            frame("x", final=False) + frame("y"),
            frame(b"\x03", CLOSE),
            frame((999).to_bytes(2, "big"), CLOSE),
        ],
        ids=[
            "unmasked",
            "opcode",
            "rsv",
            "longPing",
            "pingInPieces",
            "nothingToContinue",
            "twoAtOnce",
            "shortClose",
            "code",
        ],
    )
    def test_malformed(self, make: Any, talk: Talk, data: bytes) -> None:
        """A malformed frame closes with 1002, and the server's other peers notice nothing."""
        wire = make().open()
        other = make(factory=wire.protocol.factory).open()
        with logged() as lines:
            wire.send(data)
            assert self.closed(wire) == 1002
            wire.lose()
        other.send(event("echo", 1))
        assert other.frames()[0].json == {"event": "echo", "data": 1}
        assert lines[:-1] == []
        assert len(talk.ends) == 1


class TestCompression:
    def test_enabled(self, talk: Talk) -> None:
        """With compression enabled by a subclass, messages to one and to many arrive compressed."""
        from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept

        hub = Hub(clock=Clock(), settings=Settings(limits=Settings().limits.having({"pingSeconds": 0}, "test")))
        hub.applications.add(talk)
        factory = RatchetServerFactory(hub)
        accept = lambda offers: next(  # noqa: E731
            PerMessageDeflateOfferAccept(offer) for offer in offers if isinstance(offer, PerMessageDeflateOffer)
        )
        factory.perMessageCompressionAccept = accept
        factory.doStart()
        wire = Wire(factory).open(Sec_WebSocket_Extensions="permessage-deflate")
        wire.send(event("echo", "x" * 1000))
        hub.emit("news", "y" * 1000)
        data = wire.receive()
        assert len(data) < 200
        assert data[0] == 0xC1
        wire.lose()
        wire.protocol.send(makeText(b"{}"))
        factory.doStop()

    def test_bomb(self, talk: Talk) -> None:
        """With compression enabled, the limit counts the decompressed bytes: few bytes can't become many."""
        from zlib import MAX_WBITS, Z_SYNC_FLUSH, compressobj

        from autobahn.websocket.compress import PerMessageDeflateOfferAccept

        limits = Settings().limits.having({"pingSeconds": 0}, "test")
        factory = RatchetServerFactory(Hub(clock=Clock(), settings=Settings(limits=limits)))
        factory.perMessageCompressionAccept = lambda offers: PerMessageDeflateOfferAccept(
            offers[0], max_message_size=limits.messageBytes
        )
        factory.doStart()
        wire = Wire(factory).open(Sec_WebSocket_Extensions="permessage-deflate")
        deflating = compressobj(9, wbits=-MAX_WBITS)
        bomb = deflating.compress(b"x" * (64 << 20)) + deflating.flush(Z_SYNC_FLUSH)
        assert len(bomb) > 60_000
        wire.send(frame(bomb[:60_000], rsv=4, final=False))
        assert wire.frames()[-1].code in (1007, 1009)
        wire.lose()
        factory.doStop()

    def test_offByDefault(self, make: Any) -> None:
        """By default compression isn't negotiated, because few bytes could become many."""
        wire = make()
        wire.send(handshake(Sec_WebSocket_Extensions="permessage-deflate"))
        assert b"permessage-deflate" not in wire.receive()
