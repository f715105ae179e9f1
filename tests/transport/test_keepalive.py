"""
Pings and pongs: when peers are pinged, and which ones are closed.
"""

from collections.abc import Iterator
from contextlib import suppress
from socket import create_connection, create_server, socket
from typing import Any

import pytest
from twisted.internet.task import Clock

from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.transport.keepalive import STEP_SECONDS, Keepalive, Liveness
from ratchet_tx.transport.sockets.backlog import PORTION
from tests.kit.talk import Talk
from tests.kit.ways import everyWay
from tests.kit.wire import PING, PONG, frame


class Transport:
    """
    A fake of the used part of a transport.
    """

    def __init__(self, handle: socket) -> None:
        self._handle = handle

    def getHandle(self) -> socket:
        return self._handle


class FakePeer:
    """
    A peer's socket that records what happens to it; it is its own outlet and its own connection.
    """

    transport: Any = None

    def __init__(self, clock: Clock) -> None:
        self.liveness = Liveness()
        self.happened: list[tuple[float, Any]] = []
        self.isPaused = self.hasMoved = False
        self.connection: FakePeer | None = self
        self._clock = clock

    @property
    def outlet(self) -> "FakePeer":
        return self

    def sendPing(self) -> None:
        assert self.connection is not None, "a peer that has gone isn't pinged"
        self.happened.append((self._clock.seconds(), "ping"))

    def flush(self) -> None:
        assert self.happened[-1] == (self._clock.seconds(), "ping"), "it is the ping that can't wait"

    def moved(self) -> bool:
        moved, self.hasMoved = self.hasMoved, False
        return moved

    def wasPaused(self) -> bool:
        return self.isPaused

    def close(self, code: int, reason: str) -> None:
        assert self.connection is not None, "a connection is closed once"
        self.connection = None
        self.happened.append((self._clock.seconds(), code))


class House:
    """
    A port with one peer, and its clock.
    """

    def __init__(self, pingSeconds: float = 20, pongSeconds: float = 10) -> None:
        self.clock = Clock()
        self.keepalive = Keepalive(pingSeconds, pongSeconds, Patience(self.clock))
        self.peer = FakePeer(self.clock)
        self.keepalive.begin(self.peer)

    def until(self, seconds: float) -> list[tuple[float, Any]]:
        """
        Let time pass, with a few turns of the reactor.

        @return: what happened to the peer
        """
        self.clock.advance(seconds - self.clock.seconds())
        self.clock.pump([0] * 4)
        happened, self.peer.happened = self.peer.happened, []
        return happened


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.keepalive.end(house.peer)
    assert house.clock.getDelayedCalls() == []


def test_silent(house: House) -> None:
    """A silent peer is pinged, and closed with 4012 if it stays silent."""
    assert house.until(19) == []
    assert house.until(20) == [(20, "ping")]
    assert house.peer.liveness.isAsked
    assert house.until(29) == []
    assert house.until(30) == [(30, 4012)]


def test_heard(house: House) -> None:
    """Any received byte counts as a pong; the next ping comes that much later."""
    assert house.until(20) == [(20, "ping")]
    house.until(25)
    house.keepalive.heard(house.peer)
    assert not house.peer.liveness.isAsked
    assert house.until(44) == []
    assert house.until(45) == [(45, "ping")]


def test_owed(house: House) -> None:
    """A peer owes as many pongs as it got pings, whatever else it sends."""
    assert not house.keepalive.isOwed(house.peer)
    for at in (20, 40):
        house.until(at)
        house.keepalive.heard(house.peer)
    assert [house.keepalive.isOwed(house.peer) for _ in range(3)] == [True, True, False]


def test_paused(house: House) -> None:
    """Time in which the server paused reading doesn't count."""
    house.until(20)
    house.peer.isPaused = True
    assert house.until(30) == []
    house.peer.isPaused = False
    assert house.until(39) == []
    assert house.until(40) == [(40, 4012)]


def test_reading(house: House) -> None:
    """A peer that still reads what was sent before the ping gets its time once more."""
    house.until(20)
    house.peer.hasMoved = True
    assert house.until(30) == []
    assert house.until(40) == [(40, 4012)]


def test_steps() -> None:
    """However short the time is, a slow reader has at least one step."""
    house = House(pongSeconds=1)
    house.until(20)
    house.peer.hasMoved = True
    assert [house.until(20 + second) for second in range(1, STEP_SECONDS + 1)] == [[]] * STEP_SECONDS
    assert house.until(30)[0][1] == 4012


def test_look(house: House) -> None:
    """How much a peer has taken is known roughly: it is asked once per step."""
    assert house.keepalive.look(house.peer) == 0
    house.peer.hasMoved = True
    assert house.keepalive.look(house.peer) == PORTION
    assert house.keepalive.look(house.peer) == 0


def test_acknowledged() -> None:
    """Over TCP the system knows what a peer has taken, so a peer that reads gets its time once more."""
    with create_server(("127.0.0.1", 0)) as port, create_connection(port.getsockname()) as peer:
        handle, _ = port.accept()
        with handle:
            handle.setblocking(False)
            sent = 0
            with suppress(BlockingIOError):
                while True:
                    sent += handle.send(b"x" * 65_536)
            house = House()
            house.peer.transport = Transport(handle)
            assert [*house.until(20), *house.until(25)] == [(20, "ping")]
            while sent > 0:
                sent -= len(peer.recv(1 << 20))
            while house.peer.liveness.taken >= 0:
                house.keepalive.look(house.peer)
            assert house.until(30) == []
            assert house.until(40) == [(40, 4012)]


def test_gone(house: House) -> None:
    """A peer that has left meanwhile isn't closed, nor waited for."""
    house.until(20)
    house.peer.connection, house.peer.isPaused = None, True
    assert house.until(30) == []
    assert house.clock.getDelayedCalls() == []


def test_switchedOff() -> None:
    """With pings switched off none are sent."""
    house = House(pingSeconds=0)
    assert house.until(1000) == []


# Over a server


@everyWay
def test_pongs(make: Any) -> None:
    """A pong that was asked for is free; another one costs as much as an event, and a flood of them closes with 4009."""
    wire = make(limits={"pingSeconds": 1, "eventsPerSecond": 1, "eventsBurst": 2}).open()
    for _ in range(10):
        wire.factory.reactor.pump([0.25] * 4)
        assert [each.opcode for each in wire.frames()] == [PING]
        wire.send(frame("", PONG))
    counters = wire.factory.hub.counters
    assert counters.refused == {}
    wire.send(frame("", PONG) * 2)
    assert counters.refused == {}
    wire.send(frame("", PONG) * 2)
    assert counters.refused == {"rate.limited": 2}
    assert wire.frames()[0].code == 4009


@everyWay
def test_noPong(make: Any, talk: Talk) -> None:
    """A peer that doesn't answer pings is closed with 4012, and applications are told once."""
    wire = make(limits={"pingSeconds": 1, "pongSeconds": 1}).open()
    wire.factory.reactor.pump([0.25] * 10)
    ping, closing = wire.frames()
    assert (ping.opcode, closing.code) == (PING, 4012)
    wire.lose()
    wire.factory.reactor.pump([0.25] * 40)
    assert talk.ends == [{"code": 4012, "reason": "No pong", "clean": False}]


def test_pausedPeers(make: Any) -> None:
    """Time in which the server paused reading from a peer doesn't count against its pong."""
    wire = make(limits={"pingSeconds": 1, "pongSeconds": 1}).open()
    wire.factory.reactor.pump([0.25] * 5)
    wire.protocol.pauseReading()
    wire.factory.reactor.pump([0.25] * 8)
    wire.protocol.resumeReading()
    assert [each.opcode for each in wire.frames()] == [PING]
    wire.factory.reactor.pump([0.25] * 3)
    assert wire.frames() == []
    wire.factory.reactor.pump([0.25] * 6)
    assert wire.frames()[0].code == 4012
