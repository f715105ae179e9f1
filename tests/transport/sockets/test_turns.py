"""
The turns of a reactor, and each peer's share of them.
"""

from typing import Any

import pytest
from twisted.internet.task import Clock

from ratchet_tx import Hub, RatchetServerFactory, Settings, on
from ratchet_tx.settings import SHORTCUTS, Limits
from ratchet_tx.transport.sockets.turns import TURN_SECONDS, Turns
from tests.kit.ends import MemoryReactor
from tests.kit.fakes import logged
from tests.kit.ways import WAYS, Way
from tests.kit.wire import CLOSE, CONTINUATION, PING, event, frame


class Ticking(Clock):
    """
    A clock that only advances when told to, and one turn at a time.
    """

    def turn(self) -> None:
        due, self.calls = self.calls, []
        for call in due:
            call.called = 1
            call.func(*call.args, **call.kw)

    def later(self, seconds: float) -> None:
        self.rightNow += seconds


class Reader:
    """
    A peer with some shares left.
    """

    def __init__(self, turns: Turns, clock: Ticking, name: str, portions: int, seconds: float = 0.0) -> None:
        self.turns, self.clock, self.name, self.portions, self.seconds = turns, clock, name, portions, seconds

    def goOn(self) -> None:
        DONE.append(self.name)
        self.clock.later(self.seconds)
        self.portions -= 1
        if self.portions:
            self.turns.wait(self)


DONE: list[str] = []


@pytest.fixture
def turns() -> tuple[Turns, Ticking]:
    DONE.clear()
    clock = Ticking()
    return Turns(clock, clock), clock


def test_oneShareATurn(turns: tuple[Turns, Ticking]) -> None:
    """A peer with bytes left has one share handled in each turn, like every other peer."""
    shared, clock = turns
    for name, portions in (("a", 3), ("b", 1), ("c", 2)):
        shared.wait(Reader(shared, clock, name, portions))
    for done in ("abc", "abcac", "abcaca"):
        clock.turn()
        assert "".join(DONE) == done
    clock.turn()
    assert (len(shared), clock.calls) == (0, [])


def test_over(turns: tuple[Turns, Ticking]) -> None:
    """A turn that takes too long ends; the next begins with those that it left out."""
    shared, clock = turns
    for name in "abcd":
        shared.wait(Reader(shared, clock, name, 2, TURN_SECONDS / 2))
    for done in ("ab", "abcd", "abcdab"):
        clock.turn()
        assert "".join(DONE) == done


def test_isOver(turns: tuple[Turns, Ticking]) -> None:
    """The time of a turn starts at the first check, and anew in each turn."""
    shared, clock = turns
    clock.later(100)
    assert not shared.isOver()
    clock.later(TURN_SECONDS * 1.001)
    assert shared.isOver()
    clock.turn()
    assert not shared.isOver()


def test_queuedOnce(turns: tuple[Turns, Ticking]) -> None:
    """A peer that waits twice is queued once, and a forgotten peer isn't queued."""
    shared, clock = turns
    first, second = Reader(shared, clock, "a", 1), Reader(shared, clock, "b", 1)
    for each in (first, second, first):
        shared.wait(each)
    shared.forget(second)
    shared.forget(second)
    clock.turn()
    assert DONE == ["a"]


def test_failing(turns: tuple[Turns, Ticking]) -> None:
    """A failing peer doesn't stop the others."""
    shared, clock = turns

    class Broken:
        def goOn(self) -> None:
            raise ValueError("broken")

    shared.wait(Broken())
    shared.wait(Reader(shared, clock, "a", 1))
    with logged() as lines:
        clock.turn()
    assert DONE == ["a"]
    assert any("Handling of waiting bytes failed: address=unknown" in line for line in lines)
    assert any("broken" in line for line in lines)


class Noting:
    def __init__(self) -> None:
        self.got: list[Any] = []

    @on("note")
    def note(self, event: Any) -> None:
        self.got.append(event.payload.data)

    @on("close")
    def close(self, event: Any) -> None:
        event.connection.close(4009, "Enough")


class Port:
    """
    A port whose turns the test sees.
    """

    def __init__(self, way: Way) -> None:
        self.noting = Noting()
        self.reactor = way.makeReactor()
        limits = Limits(eventsPerSecond=0, pingSeconds=0)
        self.hub = Hub(clock=self.reactor, settings=Settings(limits=limits, without=way.without))
        self.hub.applications.add(self.noting)
        self.factory = RatchetServerFactory(self.hub, self.reactor)
        self.factory.doStart()
        self._way = way

    def opened(self) -> Any:
        return self._way.makeWire(self.factory).open()


MANY = [{"n": number} for number in range(1000)]
TEXTS = b"".join(event("note", data) for data in MANY)
MIXED = b"".join(event("note", data) + frame("x", PING) for data in MANY)
CUT = b"".join(
    frame('{"event":"note",', final=False) + frame(f'"data":{{"n":{number}}}}}', CONTINUATION) for number in range(1000)
)


@pytest.mark.parametrize("chunk", [TEXTS, MIXED, CUT], ids=["texts", "mixed", "fragments"])
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_inOrder(way: Way, chunk: bytes) -> None:
    """Messages that take several turns are handled in order, and none is lost."""
    with logged():
        port = Port(way)
        wire = port.opened()
        wire.send(chunk)
        wire.send(event("note", "last"))
        assert port.noting.got == [*MANY, "last"]
        wire.lose()
        port.factory.doStop()


def chunkOf(wire: Any, data: bytes) -> None:
    """
    Send the server a chunk without a turn passing.
    """
    wire.protocol.dataReceived(data)


def nextTurn(reactor: MemoryReactor) -> None:
    due, reactor.calls = reactor.calls, []
    for call in due:
        call.called = 1
        call.func(*call.args, **call.kw)


@pytest.mark.parametrize("without", [(), SHORTCUTS], ids=["fast", "slow"])
@pytest.mark.parametrize("chunk", [TEXTS, MIXED, CUT], ids=["texts", "mixed", "fragments"])
def test_share(without: tuple[str, ...], chunk: bytes) -> None:
    """In one turn at most 64 frames of a peer are handled; until the rest is, nothing more is read from it."""
    with logged():
        port = Port(Way(without, socket=False))
        wire, other = port.opened(), port.opened()
        chunkOf(wire, chunk)
        turns = 0
        while len(port.noting.got) < 1000:
            before = len(port.noting.got)
            assert wire.transport.producerState == "paused"
            chunkOf(other, event("note", "between"))
            assert port.noting.got.pop() == "between"
            nextTurn(port.reactor)
            assert 0 <= len(port.noting.got) - before <= 64
            turns += 1
        nextTurn(port.reactor)
        assert turns >= 15
        assert wire.transport.producerState == "producing"
        wire.lose()
        other.lose()
        port.factory.doStop()


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_nothingAfterOurClose(way: Way) -> None:
    """
    After the server's close nothing is handled any more; the peer's close ends the connection cleanly, whatever came before
    it.
    """
    with logged():
        port = Port(way)
        wire = port.opened()
        wire.send(event("note", 1) + event("close", None) + TEXTS + frame(b"\x0f\xa9", CLOSE))
        closes = [each.code for each in wire.frames() if each.opcode == CLOSE]
        assert (port.noting.got, closes) == ([1], [4009])
        assert wire.protocol.state == wire.protocol.STATE_CLOSED
        assert wire.protocol.wasClean
        wire.lose()
        port.factory.doStop()


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_closeInPieces(way: Way) -> None:
    """The peer's close is recognized in any pieces, even after half a message."""
    with logged():
        port = Port(way)
        wire = port.opened()
        wire.send(event("close", None) + event("note", "x" * 300)[:200])
        for byte in frame(b"\x0f\xa9Bye", CLOSE):
            assert wire.protocol.state == wire.protocol.STATE_CLOSING
            wire.send(bytes([byte]))
        assert wire.protocol.wasClean
        wire.lose()
        port.factory.doStop()


def test_leftoversEnd() -> None:
    """A peer's waiting bytes are dropped when its connection ends or is closed."""
    with logged():
        port = Port(Way(socket=False))
        lost, closed = port.opened(), port.opened()
        for wire in (lost, closed):
            chunkOf(wire, TEXTS)
        lost.lose()
        closed.protocol.close(1001, "Going away")
        before = len(port.noting.got)
        nextTurn(port.reactor)
        assert len(port.noting.got) == before
        assert len(port.factory.turns) == 0
        assert closed.transport.producerState == "producing"
        closed.lose()
        port.factory.doStop()


def test_pausedMeanwhile() -> None:
    """Waiting bytes stay while reading is paused, and are handled when it resumes."""
    with logged():
        port = Port(Way(socket=False))
        wire = port.opened()
        chunkOf(wire, TEXTS)
        wire.protocol.pauseReading()
        for _ in range(3):
            nextTurn(port.reactor)
        before = len(port.noting.got)
        assert before <= 64
        wire.protocol.resumeReading()
        port.reactor.advance(0)
        assert (len(port.noting.got), wire.transport.producerState) == (1000, "producing")
        wire.lose()
        port.factory.doStop()
