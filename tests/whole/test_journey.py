"""
A message's journey from one peer's bytes to another's, through every real part.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zope.interface import implementer

from ratchet_tx import Hub, IApplication, PeerError, Settings, makeService, on
from tests.kit.ends import MemoryReactor, Wire
from tests.kit.examples import examples
from tests.kit.fakes import FakeProvider, logged
from tests.kit.wire import BINARY, CLOSE, PING, PONG, TEXT, event, frame, handshake


@implementer(IApplication)
class ChatApplication:
    """
    The seed's chat.
    """

    def subscribedEvents(self) -> Any:
        return {"chat.send": self.onSend}

    def onSend(self, event: Any) -> None:
        message = {"client": event.connection.client.jsonSerialize(), "message": event.payload.data}
        event.connection.broadcast("chat.message", message)
        event.connection.emit("chat.message.sent", message)


class Other:
    """
    Everything else that an application may do.
    """

    def __init__(self) -> None:
        self.life: list[str] = []

    @on("add")
    def add(self, event: Any) -> Any:
        return sum(event.payload.data)

    @on("refuse")
    def refuse(self, event: Any) -> None:
        raise PeerError("no.way", "No")

    @on("ask.me")
    async def ask(self, event: Any) -> Any:
        return await event.connection.ask("name")

    @on("room")
    def room(self, event: Any) -> None:
        event.connection.join(event.payload.data)
        event.hub.emit("joined", event.connection.client.id, room=event.payload.data)

    @on("leave")
    def leave(self, event: Any) -> None:
        event.connection.close(1000, "as you wish")

    @on("socket.open", "socket.close", "socket.auth.success")
    def note(self, event: Any) -> None:
        self.life.append(event.payload.event)


class System:
    """
    A server in memory, as C{twistd ratchet} would make it, and its peers.
    """

    def __init__(self) -> None:
        self.reactor = MemoryReactor()
        self.other = Other()
        limits = Settings().limits.having({"pingSeconds": 0, "headSeconds": 0}, "test")
        self.hub = Hub(FakeProvider(a="ada", b="bob"), clock=self.reactor, settings=Settings(limits=limits))
        self.hub.applications.add(ChatApplication())
        self.hub.applications.add(self.other)
        self.service = makeService(hub=self.hub, reactor=self.reactor)
        self.service.startService()
        self.wires: list[Wire] = []

    def connect(self) -> Wire:
        self.wires.append(Wire(self.reactor.tcpServers[0][1]))
        return self.wires[-1]

    def logIn(self, token: str) -> Wire:
        wire = self.connect().open()
        wire.send(event("socket.auth.request", {"token": token}))
        assert read(wire)[0]["event"] == "socket.auth.success"
        return wire

    def stop(self) -> None:
        self.service.stopService()
        for wire in self.wires:
            wire.lose()
        self.reactor.advance(100)
        assert len(self.hub.connections) == 0


def read(wire: Wire) -> list[Any]:
    return [each.json for each in wire.frames()]


@pytest.fixture
def system() -> Iterator[System]:
    system = System()
    yield system
    system.stop()


def test_chat(system: System) -> None:
    """Each member gets what another one says, with its sender; a stranger gets nothing."""
    ada, bob, stranger = system.logIn("a"), system.logIn("b"), system.connect().open()
    ada.send(event("chat.send", "hi"))
    message = {"client": {"username": "ada"}, "message": "hi"}
    assert read(ada) == [{"event": "chat.message.sent", "data": message}]
    assert read(bob) == [{"event": "chat.message", "data": message}]
    assert read(stranger) == []


def test_exactBytes(system: System) -> None:
    """A message's bytes are those of RFC 6455 and PROTOCOL, and nothing else."""
    bob = system.logIn("b")
    system.hub.emit("x", "ü")
    text = '{"event":"x","data":"ü"}'.encode()
    assert bob.receive() == b"\x81" + bytes([len(text)]) + text


def test_replies(system: System) -> None:
    """An event with an id gets its reply: a result, a refusal, or the client's own answer."""
    ada = system.logIn("a")
    ada.send(event("add", [1, 2], id=1) + event("refuse", id=2) + event("nothing", id=3) + event("ask.me", id=4))
    ada.send(event("socket.reply", {"ok": True, "result": "Ada"}, re="s1"))
    replies = {frame["re"]: frame["data"] for frame in read(ada) if "re" in frame}
    assert replies[1] == {"ok": True, "result": 3}
    assert replies[2]["error"] == {"code": "no.way", "message": "No", "retry": False}
    assert replies[3]["error"]["code"] == "event.unknown"
    assert replies[4] == {"ok": True, "result": "Ada"}


def test_rooms(system: System) -> None:
    """An event to a room names it, and reaches its members in the order of sending."""
    ada, bob = system.logIn("a"), system.logIn("b")
    ada.send(event("room", "lobby"))
    bob.send(event("room", "lobby"))
    assert read(ada) == [{"event": "joined", "data": id, "room": "lobby"} for id in ("ada", "bob")]
    assert read(bob) == [{"event": "joined", "data": "bob", "room": "lobby"}]


def test_connectionEvents(system: System) -> None:
    """Applications are told of a connection's open, login and close."""
    ada = system.logIn("a")
    ada.send(event("leave") + event("add", [1], id=1))
    closing = ada.frames()[-1]
    assert (closing.opcode, closing.code) == (CLOSE, 1000)
    ada.lose()
    system.wires.remove(ada)
    assert system.other.life == ["socket.open", "socket.auth.success", "socket.close"]


def test_broken(system: System) -> None:
    """A broken message between good ones only affects itself."""
    ada = system.logIn("a")
    ada.send(event("add", [1], id=1) + frame("{") + frame('{"event":"add","data":[NaN],"id":2}') + event("add", [2], id=3))
    assert [reply["re"] for reply in read(ada)] == [1, 3]
    assert system.hub.counters.refused == {"payload.invalid": 2}


garbage = st.lists(
    st.one_of(
        st.binary(max_size=300),
        st.builds(
            frame,
            st.binary(max_size=200),
            opcode=st.integers(0, 15),
            final=st.booleans(),
            masked=st.booleans(),
            rsv=st.integers(0, 7),
        ),
        st.builds(lambda text: frame(text.encode("utf-8", "surrogatepass")), st.text(max_size=200)),
        st.sampled_from(
            [
                handshake(),
                handshake()[:50],
                b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                b"\r\n\r\n",
                event("chat.send", "x", id=1),
                event("socket.auth.request", {"token": "a"}),
                event("socket.auth.request", {"token": 5}),
                event("socket.close", {}),
                frame('{"event":"chat.send","data":' + "[" * 30_000 + "]" * 30_000 + "}"),
                frame("x" * 65_537),
                frame(b"\x00", BINARY),
                frame("x", PING),
                frame("x", PONG),
                frame("", CLOSE),
            ]
        ),
    ),
    max_size=8,
)


@examples(200)
@given(openFirst=st.booleans(), pieces=garbage, cut=st.integers(1, 400))
def test_garbage(openFirst: bool, pieces: list[bytes], cut: int) -> None:
    """Whatever a port receives, nothing in the server fails, and other peers go on chatting."""
    system = System()
    ada, bob = system.logIn("a"), system.logIn("b")
    with logged() as lines:
        wire = system.connect()
        data = (handshake() if openFirst else b"") + b"".join(pieces)
        for start in range(0, len(data), cut):
            if wire.transport.disconnecting or wire.transport.disconnected:
                break
            wire.send(data[start : start + cut])
    ada.send(event("chat.send", "still here"))
    assert read(ada)[-1]["event"] == "chat.message.sent"
    assert [each for each in bob.frames() if each.opcode != TEXT] == []
    assert "Traceback" not in "".join(lines)
    system.stop()
    assert system.other.life.count("socket.open") == system.other.life.count("socket.close")
