"""
Failures at each write, on every way to the end of a connection: applications are told of the end once, and nothing is left.
"""

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import ECONNRESET, EPIPE
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionLost
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure

from ratchet_tx import AskRefused, Hub, RatchetServerFactory, RoomPolicy, Settings, on
from ratchet_tx.connections.connection import Connection
from ratchet_tx.transport.handshake.door import Door
from ratchet_tx.transport.protocol import RatchetServerProtocol
from tests.kit.ends import MemoryTransport, Wire
from tests.kit.fakes import FakeProvider, logged
from tests.kit.sockets import Paired, SocketWire
from tests.kit.ways import MEMORY, Way
from tests.kit.wire import CLOSE, PING, event, frame, handshake


class Fault:
    """
    Which write fails: the first is number 0.

    @ivar hit: whether that write ever happened
    """

    def __init__(self, number: int) -> None:
        self._left = number
        self.hit = False

    def isDue(self) -> bool:
        """
        Say whether this write fails; all later ones fail too.
        """
        self._left -= 1
        self.hit = self.hit or self._left < 0
        return self.hit


class Broken(Paired):
    """
    A socket that is broken from some write on, because the peer is gone.
    """

    fault: Fault

    def send(self, data: Any, *flags: int) -> int:
        if self.fault.isDue():
            raise ConnectionResetError(ECONNRESET, "reset")
        return super().send(data, *flags)


class Half(Broken):
    """
    A socket that takes half of a write, and is then broken.
    """

    halved = False

    def send(self, data: Any, *flags: int) -> int:
        if not self.fault.isDue():
            return Paired.send(self, data, *flags)
        if self.halved or len(data) < 2:
            raise BrokenPipeError(EPIPE, "broken")
        self.halved = True
        return Paired.send(self, data[: len(data) // 2], *flags)


class Raising(MemoryTransport):
    """
    A transport that raises at a write, and at every later use, which none should.
    """

    fault: Fault

    #: Whether the protocol was told of the end; C{disconnected} says that the protocol asked for it.
    over = False

    def write(self, data: bytes) -> None:
        if self.fault.isDue():
            raise RuntimeError("planned: a broken transport")
        super().write(data)


class Losing(Raising):
    """
    A transport that reports a lost peer within a write, as layered ones such as TLS may.
    """

    def write(self, data: bytes) -> None:
        if not self.fault.isDue():
            MemoryTransport.write(self, data)
        elif not self.over:
            self.over = True
            self.protocol.connectionLost(Failure(ConnectionLost()))


class FaultyWire(Wire):
    """
    A client's end in memory.
    """

    def __init__(self, factory: Any, kind: type[Raising], fault: Fault) -> None:
        self.factory = factory
        address = IPv4Address("TCP", "192.0.2.7", 5000)
        self.transport = kind(IPv4Address("TCP", "192.0.2.1", 8080), address)
        self.transport.fault = fault
        self.transport.protocol = factory.buildProtocol(address)
        self.protocol.makeConnection(self.transport)

    def send(self, data: bytes) -> None:
        if self.transport.over or self.transport.disconnecting or self.transport.disconnected:
            return
        try:
            super().send(data)
        except RuntimeError:
            # Reactors do this with a protocol that raises.
            self.lose(ConnectionLost())

    def lose(self, reason: Exception | None = None) -> None:
        if not self.transport.over:
            self.transport.over = True
            super().lose(reason)


class Recorder:
    """
    Records every beginning and end, and has handlers that may fail.
    """

    def __init__(self) -> None:
        self.opened: Counter[str] = Counter()
        self.closed: Counter[str] = Counter()

    @on("socket.open")
    def open(self, event: Any) -> None:
        self.opened[event.connection.id] += 1
        event.connection.emit("hello")

    @on("socket.close")
    def close(self, event: Any) -> None:
        self.closed[event.connection.id] += 1
        event.connection.emit("too late")

    @on("echo")
    def echo(self, event: Any) -> Any:
        return event.payload.data

    @on("fail")
    def fail(self, event: Any) -> None:
        raise ValueError("planned")

    @on("ask")
    async def ask(self, event: Any) -> Any:
        with suppress(AskRefused):
            return await event.connection.ask("name")

    @on("shout")
    def shout(self, event: Any) -> None:
        event.hub.emit("shouted", event.payload.data)
        event.hub.emit("item", event.payload.data, room="news")


class System:
    """
    A server, and another peer that must not be affected.
    """

    def __init__(self, way: Way) -> None:
        self.reactor = way.makeReactor()
        limits = Settings().limits.having({"sendQueueBytes": 100_000, "eventsPerSecond": 0}, "test")
        settings = Settings(limits=limits, without=way.without)
        self.life = Recorder()
        self.hub = Hub(FakeProvider(a="ada", b="bob"), clock=self.reactor, settings=settings)
        self.hub.applications.add(self.life)
        self.hub.applications.registerRooms("news", RoomPolicy(historySize=5, historySeconds=60, presence=True))
        self.factory = RatchetServerFactory(self.hub, self.reactor)
        self.factory.doStart()
        self.running = True
        self.other = way.makeWire(self.factory).open()
        self.other.send(event("socket.auth.request", {"token": "b"}))
        self.other.receive()

    def stop(self) -> None:
        if self.running:
            self.running = False
            self.factory.doStop()

    def passTime(self, seconds: int) -> None:
        """
        Let time pass, in which the other peer answers pings.
        """
        for _ in range(seconds):
            self.reactor.advance(1)
            if self.running and any(each.opcode == PING for each in self.other.frames()):
                self.other.send(frame("", 10))

    def checkOther(self) -> None:
        """
        Check that the other peer is there, and gets answers.
        """
        self.other.receive()
        self.other.send(event("echo", 5, id=9))
        assert self.other.frames()[-1].json["data"] == {"ok": True, "result": 5}


def talk(system: System, wire: Wire) -> None:
    """
    Send everything that gets an answer.
    """
    for data in (
        handshake(),
        event("socket.auth.request", {"token": "nobody"}),
        event("socket.auth.request", {"token": "a", "v": 2}, id=0),
        event("socket.subscribe", {"room": "news", "presence": True}, id=1),
        event("echo", "x" * 500, id=2) + event("echo", 1, id=3),
        event("fail", id=4),
        event("ask", id=5) + frame("", PING),
        event("shout", "y" * 100),
        event("nothing", id=6) + frame("{"),
        event("socket.history", {"room": "news"}, id=7),
    ):
        wire.send(data)
    system.hub.emit("news", "z" * 100)
    system.reactor.advance(0)


# Each brings a connection to an end.


def handlerErrors(system: System, wire: Wire) -> None:
    for _ in range(3):
        wire.send(event("fail", id=8))


def takesLeave(system: System, wire: Wire) -> None:
    wire.send(event("echo", 1, id=8) + frame("", CLOSE))


def pongMissed(system: System, wire: Wire) -> None:
    system.passTime(60)


def drain(system: System, wire: Wire) -> None:
    system.stop()
    system.reactor.pump([1] * 30)


def failedLogins(system: System, wire: Wire) -> None:
    for _ in range(5):
        wire.send(event("socket.auth.request", {"token": "nobody"}))


def abort(system: System, wire: Wire) -> None:
    for connection in system.hub.connections:
        if connection.client is None or connection.client.id != "bob":
            connection.transport.abort()


def kicked(system: System, wire: Wire) -> None:
    system.hub.disconnect("ada")


def badFrame(system: System, wire: Wire) -> None:
    wire.send(frame("x", masked=False))


def doesntRead(system: System, wire: Wire) -> None:
    for _ in range(10):
        system.hub.emit("shouted", "x" * 50_000)
        system.reactor.advance(0)
        system.other.receive()


ENDINGS = [handlerErrors, takesLeave, pongMissed, drain, failedLogins, abort, kicked, badFrame, doesntRead]

KINDS: list[tuple[type[Any], Way]] = [
    (Raising, MEMORY),
    (Losing, MEMORY),
    *((kind, way) for kind in (Broken, Half) for way in (Way(), Way(("nested-epoll",)), Way(("direct-writes",)))),
]


@contextmanager
def forgetting() -> Iterator[None]:
    """
    Keep the log from holding objects: Twisted stores its events with their failures and sources.
    """
    clear: Any = dict.clear
    globalLogPublisher.addObserver(clear)
    yield
    globalLogPublisher.removeObserver(clear)


@pytest.fixture(autouse=True)
def ignoreOthers() -> Iterator[None]:
    """
    Exclude what exists before the test from L{kept}.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def kept() -> dict[str, int]:
    """
    Count the objects of connections that still exist.
    """
    # More than once: a freed Deferred logs its unhandled failure, which keeps the failure alive again.
    for _ in range(2):
        gc.collect()
    kinds = [type(each).__name__ for each in gc.get_objects() if isinstance(each, Connection | Door | RatchetServerProtocol)]
    return dict(Counter(kinds))


def wireOf(system: System, kind: type[Any], fault: Fault) -> Wire:
    if issubclass(kind, MemoryTransport):
        return FaultyWire(system.factory, kind, fault)

    def wrap(real: Paired) -> Any:
        broken = kind(fileno=real.detach())
        broken.fault = fault
        return broken

    return SocketWire(system.factory, wrap)


def happens(ending: Callable[[System, Wire], None], kind: type[Any], way: Way, number: int) -> bool:
    """
    Bring a connection to an end, with a fault on the way.

    @return: whether the faulty write happened
    """
    fault = Fault(number)
    with logged() as lines, forgetting():
        system = System(way)
        wire = wireOf(system, kind, fault)
        talk(system, wire)
        with suppress(RuntimeError):
            ending(system, wire)
        system.reactor.advance(0)
        wire.lose(ConnectionLost())
        del wire
        system.passTime(25)
        if system.running:
            system.checkOther()
            assert len(system.hub.connections) == 1
            assert kept() == {"Connection": 1, "RatchetServerProtocol": 1}
        system.other.lose()
        system.stop()
        system.reactor.pump([1] * 60)
    del system.other
    assert [line for line in lines if "Traceback" in line and "planned" not in line] == []
    counters = system.hub.counters
    assert set(system.life.opened.values()) <= {1}
    assert system.life.closed == system.life.opened
    assert counters.opened == counters.closed == len(system.life.opened)
    # A transport's exception may be the result of a Deferred, which keeps the frames of its traceback.
    assert kept() == {} or kind is Raising
    assert system.hub.connections == ()
    assert system.reactor.getDelayedCalls() == []
    return fault.hit


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.__name__)
@pytest.mark.parametrize(("kind", "way"), KINDS, ids=lambda each: each.__name__ if isinstance(each, type) else str(each))
def test_once(ending: Callable[[System, Wire], None], kind: type[Any], way: Way) -> None:
    """
    Whichever write fails, and however the connection ends, the end is reported once, other peers aren't affected, and
    nothing is left.
    """
    number = 0
    while happens(ending, kind, way, number):
        number += 1
    assert number > 5
