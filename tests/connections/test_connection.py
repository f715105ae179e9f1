"""
Connections, as applications see them.
"""

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from zope.interface.verify import verifyObject

from ratchet_tx import Hub, PeerError, RoomPolicy, UsageError, on
from ratchet_tx.interfaces import IConnection
from ratchet_tx.transport.handshake.request import Request
from tests.kit.fakes import FakeProvider, Peer, failed, override, startedHub


@pytest.fixture
def hub() -> Hub:
    return startedHub()


@pytest.fixture
def peer(hub: Hub) -> Peer:
    return Peer(hub, Request("/chat", {"v": ["2"]}, {"Cookie": "session=sesame"}), "192.0.2.7")


class TestWhatItKnows:
    def test_interface(self, peer: Peer) -> None:
        """A connection provides what IConnection asks for."""
        verifyObject(IConnection, peer.connection)

    def test_facts(self, peer: Peer) -> None:
        """A connection knows the peer's address and the handshake's request."""
        connection = peer.connection
        assert connection.remoteAddress == "192.0.2.7"
        assert connection.request.path == "/chat"
        assert connection.request.query == {"v": ("2",)}
        assert connection.request.cookies == {"session": "sesame"}

    def test_ids(self, hub: Hub) -> None:
        """No two connections have one id."""
        assert len({Peer(hub).connection.id for _ in range(100)}) == 100

    def test_state(self, hub: Hub, peer: Peer) -> None:
        """The applications' state is each connection's own."""
        peer.connection.state["seen"] = 1
        assert peer.connection.state == {"seen": 1}
        assert Peer(hub).connection.state == {}

    def test_nothingIsOverwritten(self, peer: Peer) -> None:
        """What a connection is, an application can't change."""
        with pytest.raises(AttributeError):
            override(peer.connection, request=None)

    def test_repr(self, peer: Peer) -> None:
        """A connection shows neither tokens nor cookies."""
        assert repr(peer.connection) == f"<Connection {peer.connection.id} from 192.0.2.7>"


class TestSending:
    def test_emit(self, peer: Peer) -> None:
        """What is emitted reaches the peer, in order."""
        for data in (0, "", False, None, [{"ü": "\u2028"}]):
            peer.connection.emit("x", data)
        assert [frame["data"] for frame in peer.read()] == [0, "", False, None, [{"ü": "\u2028"}]]

    def test_emitBeforeClose(self, peer: Peer) -> None:
        """What was emitted before a close comes before it."""
        peer.connection.emit("bye")
        peer.connection.close()
        assert peer.read() == [{"event": "bye", "data": None}]
        assert peer.transport.closedWith == (1000, "")

    def test_afterTheEnd(self, hub: Hub, peer: Peer) -> None:
        """On a connection that has ended everything may be called; what was for its peer is lost, and counted."""
        connection, other = peer.connection, Peer(hub)
        peer.leave()
        connection.emit("x")
        connection.broadcast("left")
        connection.join("lobby")
        connection.leave("lobby")
        connection.close()
        assert failed(connection.ask("x")).code == "reply.lost"
        assert connection.rooms == ()
        assert hub.counters.lost == 2
        assert other.read() == [{"event": "left", "data": None}]

    def test_whileClosing(self, hub: Hub, peer: Peer) -> None:
        """A connection that is closing can still be the sender of a broadcast, but is sent nothing."""
        other = Peer(hub)
        peer.connection.close()
        peer.connection.emit("x")
        peer.connection.broadcast("left")
        hub.emit("news")
        assert peer.read() == []
        assert [frame["event"] for frame in other.read()] == ["left", "news"]

    @pytest.mark.parametrize("method", ["emit", "broadcast", "ask"])
    @pytest.mark.parametrize("arguments", [("socket.open",), ("",), ("x" * 129,), (None,), ("x", object())])
    def test_whatCantBeSent(self, peer: Peer, method: str, arguments: Any) -> None:
        """An event that can't be sent is the caller's error, and nothing is sent."""
        with pytest.raises(UsageError):
            getattr(peer.connection, method)(*arguments)
        assert peer.read() == []

    def test_broadcastToARoom(self, hub: Hub, peer: Peer) -> None:
        """A broadcast to a room reaches who else is in it."""
        inside, outside = Peer(hub), Peer(hub)
        inside.connection.join("lobby")
        peer.connection.join("lobby")
        peer.connection.broadcast("x", 1, room="lobby")
        assert inside.read() == [{"event": "x", "data": 1, "room": "lobby"}]
        assert outside.read() == peer.read() == []
        with pytest.raises(UsageError, match="a room"):
            peer.connection.broadcast("x", room="")

    def test_broadcastToARoomWithAHistory(self, hub: Hub, peer: Peer) -> None:
        """A broadcast leaves out its sender, who would see a gap: in a room with a history it says what to call instead."""
        hub.applications.registerRooms("news:*", RoomPolicy(10, 60))
        with pytest.raises(UsageError, match=r"by hub\.emit\('x', data, room='news:1'\)"):
            peer.connection.broadcast("x", room="news:1")


class TestReading:
    def test_readingPausesWhileTooMuchWaits(self) -> None:
        """Where too many events wait, we stop reading from the peer, and go on when there is room."""
        waiting: list[Deferred[None]] = []

        class Slow:
            @on("slow")
            def slow(self, event: Any) -> Deferred[None]:
                waiting.append(Deferred())
                return waiting[-1]

        peer = Peer(startedHub(Slow(), limits={"receiveQueueEvents": 2}))
        for _ in range(2):
            peer.emit("slow")
        assert peer.transport.reading
        peer.emit("slow")
        assert not peer.transport.reading
        waiting[0].callback(None)
        assert peer.transport.reading
        peer.emit("slow")
        assert not peer.transport.reading
        peer.connection.ask("x").addErrback(lambda _: None)
        assert peer.transport.reading
        peer.emit("socket.reply", {"ok": True}, re="s1")
        assert not peer.transport.reading

    def test_whileAsking(self) -> None:
        """While a reply is to be read, reading goes on; but even then no endless number of events may wait."""

        class Slow:
            @on("slow")
            def slow(self, event: Any) -> Deferred[None]:
                return Deferred()

        hub = startedHub(Slow(), limits={"receiveQueueEvents": 2, "eventsPerSecond": 0})
        peer = Peer(hub)
        peer.connection.ask("x").addErrback(lambda _: None)
        for _ in range(100):
            peer.emit("slow", id=1)
        assert peer.transport.reading
        assert peer.connection.inbox.load == 32
        codes = [frame["data"]["error"]["code"] for frame in peer.read() if frame["event"] == "socket.reply"]
        assert codes == ["rate.limited"] * 67

    def test_noLimit(self) -> None:
        """Where the limit is switched off, reading never pauses."""

        class Slow:
            @on("slow")
            def slow(self, event: Any) -> Deferred[None]:
                return Deferred()

        peer = Peer(startedHub(Slow(), limits={"receiveQueueEvents": 0}))
        for _ in range(1000):
            peer.emit("slow")
        assert peer.transport.reading


class TestRooms:
    def test_joinAndLeave(self, hub: Hub, peer: Peer) -> None:
        """A connection is in the rooms that it was put into, each once, until it is taken out."""
        connection = peer.connection
        for room in ("lobby", "bar", "lobby"):
            connection.join(room)
        assert connection.rooms == ("lobby", "bar")
        connection.leave("lobby")
        connection.leave("lobby")
        assert connection.rooms == ("bar",)

    def test_theEndLeavesAll(self, hub: Hub, peer: Peer) -> None:
        """At its end a connection is in no room any more."""
        peer.connection.join("lobby")
        peer.leave()
        assert peer.connection.rooms == ()
        hub.emit("x", room="lobby")

    def test_theEndIsOneCall(self, hub: Hub, peer: Peer) -> None:
        """However many rooms a connection is in, its end leaves them all in one call, at once."""
        told: list[tuple[str, ...]] = []
        left = hub.parts.broadcast.left
        hub.parts.broadcast.left = lambda connection, rooms: told.append(tuple(rooms)) or left(connection, rooms)
        rooms = tuple(f"room-{number}" for number in range(100))
        for room in rooms:
            peer.connection.join(room)
        peer.leave()
        assert told == [rooms]
        assert len(hub.parts.directory.rooms) == 0

    @pytest.mark.parametrize("room", ["", "x" * 129, None, 5])
    def test_names(self, peer: Peer, room: Any) -> None:
        """A room's name is 1 to 128 characters."""
        with pytest.raises(UsageError, match="a room"):
            peer.connection.join(room)

    def test_limit(self) -> None:
        """A connection can't be in more rooms than the limit says."""
        peer = Peer(startedHub(limits={"rooms": 2}))
        peer.connection.join("a")
        peer.connection.join("b")
        peer.connection.join("b")
        with pytest.raises(PeerError, match=r"room\.limit: You may be in 2 rooms"):
            peer.connection.join("c")

    def test_strangers(self) -> None:
        """A stranger can't be in a room, as no broadcast reaches him."""
        peer = Peer(startedHub(clientProvider=FakeProvider()))
        with pytest.raises(UsageError, match="log in"):
            peer.connection.join("lobby")


class TestClosing:
    def test_once(self, hub: Hub, peer: Peer) -> None:
        """A connection is closed once; the first code counts."""
        peer.connection.close(4000, "first")
        peer.connection.close(4001, "second")
        assert peer.transport.closedWith == (4000, "first")
        assert hub.counters.closes == {4000: 1}

    def test_reasonsThatAreNone(self, peer: Peer) -> None:
        """A reason that is no text is the caller's error, and the connection goes on."""
        with pytest.raises(UsageError, match="reason"):
            peer.connection.close(4000, cast(Any, 5))
        peer.connection.emit("x")
        assert len(peer.read()) == 1

    @pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, "1000", None, 1000.0])
    def test_otherCodes(self, peer: Peer, code: Any) -> None:
        """Any other code is the caller's error."""
        with pytest.raises(UsageError, match="code"):
            peer.connection.close(code)


class TestBytes:
    def test_tooMany(self) -> None:
        """A peer for whom too many bytes are kept in all is closed with 4008, and it is counted by which limit."""
        hub = startedHub(limits={"connectionBytes": 2_000_000})
        peer = Peer(hub)
        for part in ("queue", "waiting", "metas", "held"):
            peer.connection.countBytes(part, 490_000)
        assert peer.transport.closedWith is None
        peer.connection.countBytes("metas", 540_000)
        assert peer.transport.closedWith is not None
        assert peer.transport.closedWith[0] == 4008
        peer.connection.countBytes("metas", 590_000)
        assert hub.counters.full == {"connectionBytes": 1}
        peer.leave()
        assert hub.ledger.bytes == 0

    def test_oneLongEvent(self) -> None:
        """Of what waits to be sent no more counts than may wait: that is one long event, which comes."""
        hub = startedHub(limits={"connectionBytes": 2_000_000})
        peer = Peer(hub)
        peer.connection.countBytes("queue", 50_000_000)
        assert peer.transport.closedWith is None
        assert hub.ledger.parts["queue"] == 50_000_000

    def test_off(self) -> None:
        """By 0 the limit is off."""
        peer = Peer(startedHub(limits={"connectionBytes": 0}))
        peer.connection.countBytes("held", 2**40)
        assert peer.transport.closedWith is None

    def test_waiting(self) -> None:
        """What waits to be handled counts, as it came; a few short events don't, for they come and go."""

        class Waits:
            def __init__(self) -> None:
                self.goes: list[Deferred[None]] = []

            @on("wait")
            def wait(self, event: Any) -> Deferred[None]:
                self.goes.append(Deferred())
                return self.goes[-1]

        waits = Waits()
        hub = startedHub(waits)
        peer = Peer(hub)
        for _ in range(4):
            peer.emit("wait")
        assert hub.ledger.parts["waiting"] == 0
        for _ in range(3):
            peer.emit("wait", "x" * 10_000)
        assert 30_000 < hub.ledger.parts["waiting"] < 32_000
        while waits.goes:
            waits.goes.pop().callback(None)
        assert hub.ledger.parts["waiting"] == 0

    def test_handshake(self) -> None:
        """The handshake counts for as long as the connection lasts."""
        hub = startedHub()
        peer = Peer(hub, Request("/?" + "a" * 10_000))
        assert hub.ledger.parts["handshake"] > 10_000
        peer.leave()
        assert hub.ledger.bytes == 0
