"""
Autobahn's protocol with what nobody uses taken out, and its masker in C.
"""

from typing import Any

import pytest
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from ratchet_tx import Hub, RatchetServerFactory
from ratchet_tx.transport import autobahn
from ratchet_tx.transport.autobahn import LeanProtocol, Quiet, unmaskLong
from ratchet_tx.transport.protocol import RatchetServerProtocol
from ratchet_tx.wire.frames import unmask
from tests.kit.ends import Wire
from tests.kit.fakes import logged
from tests.kit.wire import handshake


def test_unmask() -> None:
    """A mask is taken off as RFC 6455 section 5.7 shows it."""
    assert unmaskLong(b"\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") == b"Hello"


@given(st.binary(max_size=1000), st.binary(min_size=4, max_size=4))
def test_unmaskAsPythonDoes(data: bytes, mask: bytes) -> None:
    """Whatever the payload and the mask, it is what Python makes of them."""
    assert unmaskLong(mask + data) == unmask(mask + data)


@pytest.mark.parametrize("size", [65_535, 1 << 20])
def test_unmaskLong(size: int) -> None:
    """So are long ones, and the payload that was given stays what it was."""
    data = b"abcd" + bytes(range(256)) * (size // 256)
    before = bytes(data)
    assert unmaskLong(data) == unmask(data)
    assert data == before


def test_unmaskWithoutTheLibrary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Autobahn has no masker in C, Python does it."""
    monkeypatch.setattr(autobahn, "lib", None)
    assert unmaskLong(b"\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") == b"Hello"


def test_quiet() -> None:
    """What Autobahn logs as an error is logged; all else of its words is dropped."""
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


#: What Autobahn makes for each connection, and we don't: objects of the same kind, made when needed or shared.
_OBJECTS = {"is_closed", "is_open", "trafficStats", "utf8validator", "_transport_details", "peer", "send_queue"}

#: What belongs to all connections of Twisted's, or is Autobahn's for events that nobody listens to.
_OTHERS = {"factory", "transport", "_valid_events", "_results", "trackTimings"}


def test_state() -> None:
    """A connection begins with all the state with which Autobahn's own begins, and keeps next to nothing of it itself."""
    bare = connected(_bareFactory())
    lean = connected(_Lean(Hub(clock=Clock())))
    expected = {name: value for name, value in vars(bare).items() if name not in _OBJECTS | _OTHERS | _options()}
    assert {name: getattr(lean, name) for name in expected} == expected
    assert set(vars(lean)) == {"connected", "factory", "transport", "outlet", "liveness"}
    for name in _OBJECTS:
        assert hasattr(lean, name)
    # One that isn't a class of Autobahn's to begin with would hide a new one of its later versions.
    assert len(expected) > 20


def _options() -> set[str]:
    return set(WebSocketServerProtocol.CONFIG_ATTRS)


def _bareFactory() -> Any:
    factory = WebSocketServerFactory(server="", reactor=Clock())
    factory.setProtocolOptions(openHandshakeTimeout=0)
    factory.protocol = WebSocketServerProtocol
    return factory


def test_options() -> None:
    """Every option of Autobahn's is the factory's, whenever it is set there."""
    factory = _Lean(Hub(clock=Clock()))
    protocol = connected(factory)
    for name in _options():
        assert getattr(protocol, name) is getattr(factory, name)
    factory.maxMessagePayloadSize = 17
    assert protocol.maxMessagePayloadSize == 17


def test_statistics() -> None:
    """What Autobahn counts it counts for all connections of a factory together."""
    factory = _Lean(Hub(clock=Clock()))
    assert connected(factory).trafficStats is connected(factory).trafficStats is factory.trafficStats


def test_nobodyWaits() -> None:
    """Where Autobahn fires what nobody waits for, nothing happens."""
    LeanProtocol.is_open.callback(None)
    assert not LeanProtocol.is_open.called


class _Choosy(RatchetServerProtocol):
    def onConnect(self, request: Any) -> Any:
        super().onConnect(request)
        return request.protocols[int(self._request.query["which"][0])], {"X-Asked": self._request.path}


def test_subprotocols() -> None:
    """A protocol of your own may choose among the client's subprotocols, and add headers to the answer."""
    answer = _ask("/a?which=1")
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Protocol: y\r\n" in answer
    assert b"X-Asked: /a\r\n" in answer


@pytest.mark.parametrize("query", ["", "?which=2", "?which=x"])
def test_failing(query: str) -> None:
    """One that fails to do so refuses the handshake, and its failure is logged; the peer isn't told."""
    with logged() as lines:
        answer = _ask(f"/{query}")
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"which" not in answer
    assert any("Looking at a handshake failed" in line for line in lines)


def _ask(path: str) -> bytes:
    factory = RatchetServerFactory(Hub(clock=Clock()), reactor=Clock())
    factory.protocol = _Choosy
    factory.hub.startService()
    wire = Wire(factory)
    wire.send(handshake(path, Sec_WebSocket_Protocol="x, y"))
    return wire.receive()
