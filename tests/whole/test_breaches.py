"""
Every limit, set on the command line and exceeded: what the peer is told, where it is counted, and that 0 switches it off.

The tests of each limit's own module say what it means exactly; these see that no limit is forgotten.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred

from ratchet_tx import Hub, RoomPolicy, Settings, makeService, on
from ratchet_tx.server.tap import Options
from ratchet_tx.settings import Limits
from tests.kit.ends import MemoryReactor, Wire
from tests.kit.fakes import FakeProvider, logged
from tests.kit.sockets import SocketReactor, SocketWire
from tests.kit.wire import CLOSE, PING, TEXT, event, frames, handshake


class Application:
    """
    An event that is done at once, one that never is, and a large answer.
    """

    @on("echo")
    def echo(self, event: Any) -> Any:
        return event.payload.data

    @on("never")
    def never(self, event: Any) -> Any:
        return Deferred()


class Port:
    """
    A port of a server with some limits, and its peers.
    """

    def __init__(self, settings: Settings, sockets: bool = False) -> None:
        self.reactor = SocketReactor() if sockets else MemoryReactor()
        self.hub = Hub(FakeProvider(a="ada"), clock=self.reactor, settings=settings)
        self.hub.applications.add(Application())
        self.hub.applications.registerRooms("*", RoomPolicy(historySize=100, historySeconds=3600, presence=True))
        self.service = makeService(settings, self.hub, reactor=self.reactor)
        self.service.startService()
        self.factory: Any = self.reactor.tcpServers[0][1]

    def come(self, number: int = 0) -> Wire:
        return Wire(self.factory, IPv4Address("TCP", "8.8.4.4", 5000 + number))

    def opened(self, number: int = 0) -> Wire:
        return self.come(number).open()

    def logIn(self) -> Wire:
        wire = self.opened()
        wire.send(event("socket.auth.request", {"token": "a"}))
        wire.receive()
        return wire

    @property
    def counted(self) -> dict[Any, int]:
        counters = self.hub.counters
        return {**counters.refused, **counters.closes}


def status(wire: Wire) -> Any:
    """
    Return the status of a response, if there is one.
    """
    answer = wire.receive()
    return int(answer.split(b" ")[1]) if answer else None


def told(wire: Wire) -> Any:
    """
    Return the last thing that the peer was told: a close code, or the code of a refusal.
    """
    said = [each for each in wire.frames() if each.opcode in (TEXT, CLOSE)]
    if not said:
        return None
    if said[-1].opcode == CLOSE:
        return said[-1].code
    data = said[-1].json["data"]
    return data["error"]["code"] if "error" in data else data


# Each exceeds a limit, and returns the result.


def messageBytes(port: Port) -> Any:
    wire = port.logIn()
    wire.send(event("echo", "x" * 200_000, id=1))
    return told(wire)


def headBytes(port: Port) -> Any:
    wire = port.come()
    wire.send(handshake(X="y" * 20_000))
    return status(wire)


def headCount(port: Port) -> Any:
    wire = port.come()
    wire.send(handshake(**{f"X{number}": "y" for number in range(100)}))
    return status(wire)


def headSeconds(port: Port) -> Any:
    wire = port.come()
    wire.send(b"G")
    port.reactor.advance(1000)
    return status(wire)


def loginSeconds(port: Port) -> Any:
    wire = port.opened()
    port.reactor.advance(10)
    return told(wire)


def pingSeconds(port: Port) -> Any:
    wire = port.logIn()
    port.reactor.advance(20)
    return [each.opcode for each in wire.frames()]


def pongSeconds(port: Port) -> Any:
    wire = port.logIn()
    port.reactor.advance(20)
    wire.receive()
    port.reactor.advance(20)
    return told(wire)


def handlerSeconds(port: Port) -> Any:
    wire = port.logIn()
    wire.send(event("never", id=1))
    port.reactor.advance(30)
    return told(wire)


def sendQueueBytes(port: Port) -> Any:
    wire = SocketWire(port.factory).open()
    wire.send(event("socket.auth.request", {"token": "a"}))
    for _ in range(100):
        port.hub.emit("told", "x" * 50_000)
        port.reactor.turn()
    received = frames(wire.receive())
    wire.lose()
    return received[-1].code if received[-1].opcode == CLOSE else None


def eventsPerSecond(port: Port) -> Any:
    wire = port.logIn()
    for id in range(150):
        wire.send(event("echo", 0, id=id))
    return told(wire)


def eventsBurst(port: Port) -> Any:
    wire = port.logIn()
    wire.send(event("echo", 0) * 250)
    return told(wire)


def receiveQueueEvents(port: Port) -> Any:
    wire = port.logIn()
    wire.send(event("never") + event("echo") * 80)
    return wire.transport.producerState


def rooms(port: Port) -> Any:
    wire = port.logIn()
    for number in range(130):
        port.reactor.advance(0.1)
        wire.send(event("socket.subscribe", {"room": f"room{number}"}, id=number))
    said = told(wire)
    return said if isinstance(said, str) else None


def connections(port: Port) -> Any:
    for _ in range(5):
        port.opened()
    wire = port.come()
    wire.send(handshake())
    return status(wire)


def connectionsPerClient(port: Port) -> Any:
    first, *_ = [port.logIn() for _ in range(17)]
    return told(first)


def perAddress(port: Port) -> Any:
    for number in range(65):
        wire = port.come(number)
        wire.send(handshake())
    return status(wire)


def connectionBytes(port: Port) -> Any:
    wire = port.logIn()
    port.hub.applications.registerRooms("slow", RoomPolicy(mayJoin=lambda client, room: Deferred()))
    connection = port.hub.connections[0]
    connection.join("slow")
    wire.send(event("socket.subscribe", {"room": "slow"}, id=1))
    for _ in range(40):
        port.hub.emit("told", "x" * 50_000, room="slow")
    return told(wire)


def processBytes(port: Port) -> Any:
    for number in range(40):
        port.hub.emit("item", "x" * 50_000, room=f"room{number}")
    histories = [port.hub.backplane.read(f"room{number}", None, 1) for number in range(40)]
    return [history is not None for history in histories] == [False] * 20 + [True] * 20


def pagesPerAddress(port: Port) -> Any:
    for _ in range(256):
        port.come()
    wire = port.come()
    wire.send(b"GET /healthz HTTP/1.1\r\nHost: localhost:8080\r\n\r\n")
    return status(wire)


def replayBytes(port: Port) -> Any:
    wire = port.logIn()
    wire.send(event("socket.subscribe", {"room": "news"}, id=1))
    position = told(wire)["result"]
    for _ in range(50):
        port.hub.emit("item", "x" * 10_000, room="news")
    wire.receive()
    recover = {"epoch": position["epoch"], "offset": position["offset"]}
    again = port.logIn()
    again.send(event("socket.subscribe", {"room": "news", "recover": recover}, id=2))
    return told(again)["result"]["recovered"]


def presenceSeconds(port: Port) -> Any:
    watching, lost = port.logIn(), port.logIn()
    for wire in (watching, lost):
        wire.send(event("socket.subscribe", {"room": "news", "presence": True}, id=1))
    watching.receive()
    lost.lose(ConnectionError())
    return told(watching) is None


def dedupSeconds(port: Port) -> Any:
    wire = port.logIn()
    wire.send(event("echo", "first", key="k", id=1))
    port.reactor.advance(120)
    wire.send(event("echo", "again", key="k", id=2))
    wire.send(event("echo", "third", key="k", id=3))
    return told(wire)["result"]


def drainSeconds(port: Port) -> Any:
    port.logIn().send(event("never"))
    port.service.stopService()
    port.reactor.advance(25)
    return port.hub.overdue


def logBytesPerMinute(port: Port) -> Any:
    for number in range(20):
        port.come(number).send(b"GET / HTTP/1.1\r\n folded: x\r\n\r\n")
    return port.hub.counters.unlogged > 0


class Breach(NamedTuple):
    """
    A limit and what happens when it is exceeded.

    @ivar passes: exceeds the limit, and returns the result
    @ivar told: the expected result
    @ivar counted: the name or code by which it is counted; None if nothing is refused
    @ivar off: the expected result with the limit switched off
    @ivar words: further options, so that no other limit is exceeded first
    """

    passes: Callable[[Port], Any]
    told: Any
    counted: Any
    off: Any = None
    words: tuple[str, ...] = ()


ANY_RATE = ("eventsPerSecond=0",)
NO_PINGS = ("pingSeconds=0",)

BREACHES = {
    "messageBytes": Breach(messageBytes, 1009, 1009, {"ok": True, "result": "x" * 200_000}),
    "headBytes": Breach(headBytes, 431, "http.431", 101),
    "headCount": Breach(headCount, 431, "http.431", 101),
    "headSeconds": Breach(headSeconds, 408, "http.408"),
    "loginSeconds": Breach(loginSeconds, 4502, 4502),
    "pingSeconds": Breach(pingSeconds, [PING], None, []),
    "pongSeconds": Breach(pongSeconds, 4012, 4012),
    "handlerSeconds": Breach(handlerSeconds, "handler.timeout", "handler.timeout", words=NO_PINGS),
    "sendQueueBytes": Breach(sendQueueBytes, 4008, 4008),
    "eventsPerSecond": Breach(eventsPerSecond, "rate.limited", "rate.limited", {"ok": True, "result": 0}),
    "eventsBurst": Breach(eventsBurst, 4009, 4009),
    "receiveQueueEvents": Breach(receiveQueueEvents, "paused", None, "producing"),
    "rooms": Breach(rooms, "room.limit", "room.limit", words=NO_PINGS),
    "connections": Breach(connections, 503, "http.503", 101),
    "connectionsPerClient": Breach(connectionsPerClient, 4504, 4504),
    "connectionsPerAddress": Breach(perAddress, 503, "http.503", 101, ("strangersPerAddress=0",)),
    "strangersPerAddress": Breach(perAddress, 503, "http.503", 101),
    "connectionBytes": Breach(connectionBytes, 4008, 4008, words=("sendQueueBytes=0", "replayBytes=0")),
    "processBytes": Breach(processBytes, True, None, False),
    "pagesPerAddress": Breach(pagesPerAddress, 503, "http.503", 200),
    "replayBytes": Breach(replayBytes, False, None, True),
    "presenceSeconds": Breach(presenceSeconds, True, None, False),
    "dedupSeconds": Breach(dedupSeconds, "again", None, "third", NO_PINGS),
    "drainSeconds": Breach(drainSeconds, True, None, False, NO_PINGS),
    "logBytesPerMinute": Breach(logBytesPerMinute, True, None, False),
}

#: The limits that are tested at another value than the default.
VALUES = {
    "connectionBytes": 1_500_000,
    "processBytes": 2_100_000,
    "connections": 5,
    "connectionsPerAddress": 64,
    "logBytesPerMinute": 2000,
}


def settle(breach: Breach, *words: str) -> Settings:
    options = Options()
    options.parseOptions([part for word in (*breach.words, *words) for part in ("--limit", word)])
    return options.settings()


def come(name: str, settings: Settings) -> tuple[Any, dict[Any, int]]:
    with logged():
        port = Port(settings, sockets=name == "sendQueueBytes")
        said = BREACHES[name].passes(port)
    return said, port.counted


def test_everyLimit() -> None:
    """Every limit has a test here."""
    assert sorted(BREACHES) == sorted(Limits.names())


@pytest.mark.parametrize("name", BREACHES)
def test_breach(name: str) -> None:
    """A peer that exceeds the limit is told as PROTOCOL says, and is counted by the reason."""
    breach = BREACHES[name]
    words = (f"{name}={VALUES[name]}",) if name in VALUES else ()
    said, counted = come(name, settle(breach, *words))
    assert said == breach.told
    assert breach.counted is None or counted[breach.counted] > 0


@pytest.mark.parametrize("name", BREACHES)
def test_off(name: str, tmp_path: Path) -> None:
    """With 0 the limit is off, on the command line and in the configuration file."""
    breach = BREACHES[name]
    settings = settle(breach, f"{name}=0")
    said, counted = come(name, settings)
    assert said == breach.off
    assert counted.get(breach.counted, 0) == 0
    config = tmp_path / "ratchet.toml"
    config.write_text(f"[limits]\n{name} = 0\n")
    options = Options()
    options.parseOptions(["--config", str(config)])
    assert getattr(options.settings().limits, name) == getattr(settings.limits, name) == 0
