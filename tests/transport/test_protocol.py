"""
A peer's WebSocket, over a transport in memory.
"""

from typing import Any, cast

import pytest
from twisted.internet.address import UNIXAddress
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from ratchet_tx import Hub, RatchetServerFactory
from ratchet_tx.interfaces import IPeers
from ratchet_tx.transport.protocol import RatchetServerProtocol
from ratchet_tx.wire.frames import Spare, makeText
from tests.kit.contracts import TransportContract
from tests.kit.ends import Wire
from tests.kit.fakes import logged, override
from tests.kit.port import FakePort
from tests.kit.talk import Talk
from tests.kit.ways import everyWay
from tests.kit.wire import ACCEPT, CLOSE, CONTINUATION, PING, PONG, event, frame, handshake


class TestTransport(TransportContract):
    def make(self) -> RatchetServerProtocol:
        hub = Hub(clock=Clock())
        factory = RatchetServerFactory(hub)
        with logged():
            hub.startService()
        wire = Wire(factory).open()
        wire.lose()
        return cast(RatchetServerProtocol, wire.protocol)


class TestAlone:
    """
    A socket without a hub.
    """

    @pytest.fixture
    def port(self) -> FakePort:
        return FakePort(RatchetServerProtocol)

    @pytest.fixture
    def wire(self, port: FakePort) -> Wire:
        return Wire(port).open("/path?x=1")

    def test_interface(self, port: FakePort) -> None:
        """The fake of the hub provides IPeers."""
        verifyObject(IPeers, port.peers)

    def test_told(self, port: FakePort, wire: Wire) -> None:
        """The hub is told of a peer, its messages and its end, in order, and once each."""
        wire.send(frame("a") + frame("b", final=False) + frame("c", CONTINUATION) + frame("", CLOSE) + frame("d"))
        wire.lose()
        wire.lose()
        assert port.peers.happened == [
            ("opened", "/path", "192.0.2.7"),
            ("received", b"a", 0),
            ("received", b"bc", 2),
            ("closed", 1005, "", True),
        ]
        assert port.keepalive.alive == []

    def test_refused(self, port: FakePort) -> None:
        """A refused handshake is counted, logged with its facts and answered; the hub isn't told."""
        port.peers.whyNot = "limit=connections of=1"
        wire = Wire(port)
        with logged() as lines:
            wire.send(handshake("/?token=sesame"))
        assert wire.receive().startswith(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n")
        assert lines == ["Refused a handshake: status=503 address=192.0.2.7 limit=connections of=1"]
        assert (port.counters.refused, port.peers.happened) == ({"http.503": 1}, [])

    def test_lostWhileOpening(self, port: FakePort) -> None:
        """A transport that ends while the hub greets the peer is reported as the end of the connection."""
        opened = port.peers.opened

        def losing(transport: Any, request: Any, address: str) -> Any:
            connection = opened(transport, request, address)
            transport.connectionLost(Failure(ConnectionLost()))
            return connection

        override(port.peers, opened=losing)
        Wire(port).send(handshake())
        assert port.peers.happened == [("opened", "/", "192.0.2.7"), ("closed", 1006, "", False)]

    def test_fragments(self, port: FakePort, wire: Wire) -> None:
        """A message in too many frames is closed with 4009, even if they are empty."""
        wire.send(frame("", final=False) + frame("", CONTINUATION, final=False) * 3)
        assert not wire.protocol.connection.closing
        wire.send(frame("", CONTINUATION, final=False))
        assert wire.frames()[-1].code == 4009

    def test_pings(self, port: FakePort, wire: Wire) -> None:
        """A ping is answered if the rate allows it; an unasked pong costs as much."""
        wire.send(frame("x", PING) + frame("", PONG))
        assert ([each.opcode for each in wire.frames()], len(port.keepalive.heardOf)) == ([PONG], 1)
        port.peers.pays = False
        wire.send(frame("x", PING) + frame("", PONG))
        assert (wire.frames(), len(port.keepalive.heardOf)) == ([], 1)
        port.keepalive.owed = 1
        wire.send(frame("", PONG))
        assert len(port.keepalive.heardOf) == 2

    def test_slow(self, port: FakePort, wire: Wire) -> None:
        """
        The bytes that wait for a slow peer are reported; droppable ones are dropped and counted; above the limit the peer is
        closed.
        """
        protocol = wire.protocol
        wire.stopReading()
        protocol.send(makeText(b"x" * 598))
        protocol.send(makeText(b"y" * 298), Spare("position", None, latest=False))
        protocol.send(makeText(b"z" * 298))
        assert protocol.connection.kept == [("queue", 602), ("queue", 904), ("queue", 904)]
        assert port.counters.spared == {"position": 1}
        assert not protocol.connection.closing
        protocol.send(makeText(b"w" * 298))
        assert protocol.connection.closing
        wire.readAgain()
        assert [each.code for each in wire.frames()] == [4008]

    def test_closing(self, port: FakePort, wire: Wire) -> None:
        """A closed peer that goes on reading gets more time, and one that doesn't is dropped."""
        wire.protocol.close(4000, "bye")
        port.keepalive.taken = 1 << 20
        port.clock.pump([1] * 10)
        assert not wire.transport.disconnecting
        port.keepalive.taken = 100
        port.clock.pump([1] * 3)
        assert wire.transport.disconnecting

    def test_badFrame(self, port: FakePort, wire: Wire) -> None:
        """A close by Autobahn is counted, and reported with its code whatever the peer answers."""
        wire.send(frame("x", masked=False))
        assert port.counters.closes == {1002: 1}
        wire.lose()
        assert [each[1] for each in port.peers.happened if each[0] == "closed"] == [1002]


class TestHandshake:
    def test_accepted(self, make: Any) -> None:
        """A handshake is answered as in RFC 6455 section 1.3, without the name of the server's software."""
        wire = make()
        wire.send(handshake())
        answer = wire.receive()
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert ACCEPT in answer
        assert b"Server:" not in answer

    def test_request(self, make: Any) -> None:
        """A connection has the peer's address, and its request's path and query."""
        wire = make()
        wire.send(handshake("/chat%20room;x?a=1&a=2&b=%C3%BC&c="))
        wire.receive()
        wire.send(event("where", id=1))
        (reply,) = wire.frames()
        assert reply.json["data"]["result"] == ["192.0.2.7", "/chat%20room;x", {"a": ["1", "2"], "b": ["ü"], "c": [""]}]

    def test_unixSockets(self, make: Any) -> None:
        """A peer behind a UNIX socket has no address."""
        wire = make(peer=UNIXAddress(b"/run/x")).open()
        wire.send(event("where", id=1))
        assert wire.frames()[0].json["data"]["result"][0] == "unix"

    @pytest.mark.parametrize(
        ("origin", "allowed"),
        [
            ("http://localhost:8080", True),
            ("", True),
            ("https://good.example", True),
            ("https://localhost:8080", False),
            ("http://localhost", False),
            ("http://evil.example", False),
            ("null", False),
        ],
    )
    def test_origins(self, make: Any, origin: str, allowed: bool) -> None:
        """
        Pages of the server's own origin and of allowed origins may connect, and clients without an origin; others get 403.
        """
        wire = make(origin=("https://good.example",))
        wire.send(handshake(Origin=origin))
        assert wire.receive().split(b" ")[1] == (b"101" if allowed else b"403")

    @pytest.mark.parametrize(
        "head",
        [
            b"\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.0\r\nHost: x\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"\x00\xff\xfe garbage\r\n\r\n",
            handshake(Sec_WebSocket_Key="x"),
            handshake(Sec_WebSocket_Version="8"),
            handshake(Upgrade="h2c"),
        ],
    )
    def test_refused(self, make: Any, head: bytes) -> None:
        """A malformed handshake gets an HTTP error, and applications aren't told."""
        wire = make()
        wire.send(head)
        assert wire.receive().split(b" ")[1][:1] in b"45"
        assert wire.transport.disconnecting
        assert wire.factory.hub.counters.opened == 0
        assert sum(wire.factory.hub.counters.refused.values()) == 1

    def test_secretsStayOutOfTheLog(self, make: Any) -> None:
        """Nothing that a peer sends with a broken handshake gets into the log."""
        with logged() as lines:
            make().send(handshake("/?token=sesame#sesame", Sec_WebSocket_Key="sesame", Cookie="sesame"))
        assert "sesame" not in "".join(lines)


@everyWay
class TestEnds:
    def test_peersClose(self, make: Any, talk: Talk) -> None:
        """A peer's close is answered, and applications are told once."""
        wire = make().open()
        wire.send(frame((4000).to_bytes(2, "big") + b"bye", CLOSE))
        assert wire.frames()[0].code == 1000
        wire.lose()
        assert talk.ends == [{"code": 4000, "reason": "bye", "clean": True}]

    def test_peersCloseWithoutACode(self, make: Any, talk: Talk) -> None:
        """A close without a code is reported as RFC 6455 section 7.1.5 says: 1005."""
        wire = make().open()
        wire.send(frame("", CLOSE))
        wire.lose()
        assert talk.ends == [{"code": 1005, "reason": "", "clean": True}]

    def test_lost(self, make: Any, talk: Talk) -> None:
        """A lost peer is reported as 1006."""
        wire = make().open()
        wire.lose(ConnectionLost())
        assert [(end["code"], end["clean"]) for end in talk.ends] == [(1006, False)]

    @pytest.mark.parametrize("code", [1000, 1001, 1008, 1009, 1011, 1013, 3000, 4503])
    def test_ourClose(self, make: Any, talk: Talk, code: int) -> None:
        """An application can close with every code that may be sent; what it emitted before arrives first."""
        wire = make().open()
        wire.send(event("bye", code) + event("echo", 1))
        bye, closing = wire.frames()
        assert bye.json["event"] == "bye"
        assert closing.code == code
        assert closing.payload[2:] == b"that's it"
        wire.send(frame(code.to_bytes(2, "big"), CLOSE))
        wire.lose()
        assert talk.ends == [{"code": code, "reason": "that's it", "clean": True}]

    def test_closedByAutobahnFirst(self, make: Any, talk: Talk) -> None:
        """After a close for a bad frame, that close is reported, and nothing can be sent or closed again."""
        wire = make().open()
        connection = wire.protocol.connection
        wire.send(frame("x", masked=False))
        connection.close(4503)
        connection.emit("x")
        assert [each.opcode for each in wire.frames()] == [CLOSE]
        assert wire.factory.hub.counters.lost == 1
        wire.lose()
        assert talk.ends[0]["code"] == 1002

    def test_longReasons(self, make: Any) -> None:
        """A reason that is too long for a frame is cut between two characters."""
        wire = make().open()
        wire.protocol.connection.close(4000, "ü" * 100)
        assert wire.frames()[0].payload[2:].decode() == "ü" * 61

    def test_afterTheEnd(self, make: Any, talk: Talk) -> None:
        """Bytes that come after the end do nothing."""
        wire = make().open()
        protocol = wire.protocol
        wire.lose()
        protocol.onMessage(b"x", True)
        protocol.onMessage(b"x", False)
        protocol.close(1000, "")
        assert len(talk.ends) == 1


def test_slowReaders(make: Any) -> None:
    """A peer that still reads what was sent before the close isn't dropped for not answering it."""
    wire = make().open()
    protocol = wire.protocol
    protocol.connection.close(4000)
    protocol.outlet.resumeProducing()
    assert protocol.moved()
    assert not protocol.moved()
    assert protocol.state != protocol.STATE_CLOSED
    protocol.drop()
    assert protocol.state == protocol.STATE_CLOSED
