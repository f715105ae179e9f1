"""
The backplane in memory: nodes that share one process.
"""

from typing import Any

import pytest
from msgspec import Raw
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

from ratchet_tx import UsageError
from ratchet_tx.backplane.histories import PORTION
from ratchet_tx.backplane.memory import MemoryBackplane
from ratchet_tx.backplane.messages import Deliver, Disconnect, Keep
from ratchet_tx.interfaces import IMemory
from tests.kit.contracts import BackplaneContract
from tests.kit.fakes import succeeded


class TestMemoryBackplane(BackplaneContract):
    """
    What every backplane does.
    """

    def makeTwo(self) -> tuple[MemoryBackplane, MemoryBackplane]:
        self.clock = Clock()
        one = MemoryBackplane(clock=self.clock)
        return one, MemoryBackplane(beside=one)

    def passTime(self, seconds: float) -> None:
        self.clock.advance(seconds)


def test_apart() -> None:
    """Backplanes that were made without C{beside} share nothing."""
    one, other = MemoryBackplane(), MemoryBackplane()
    received: list[Any] = []
    one.start(lambda _: None, Clock())
    other.start(received.append, Clock())
    one.publish(Disconnect("ada", 4503))
    one.enter("lobby", "c-1", {}, 60)
    assert received == []
    assert other.members("lobby") == {}


def test_threeNodes() -> None:
    """C{beside} may name any node of the system."""
    one = MemoryBackplane()
    three = MemoryBackplane(beside=MemoryBackplane(beside=one))
    received: list[Any] = []
    three.start(received.append, Clock())
    one.publish(Disconnect("ada", 4503))
    assert received == [Disconnect("ada", 4503)]


def test_notStarted() -> None:
    """Publishing before the start does nothing."""
    MemoryBackplane().publish(Disconnect("ada", 4503))


def test_startedAgain() -> None:
    """A node that starts again receives what is published from then on."""
    backplane = MemoryBackplane()
    received: list[Any] = []
    backplane.start(received.append, Clock())
    backplane.stop()
    backplane.publish(Disconnect("ada", 4501))
    backplane.start(received.append, Clock())
    backplane.publish(Disconnect("ada", 4502))
    assert received == [Disconnect("ada", 4502)]


def test_time() -> None:
    """Without C{seconds} the clock of the first hub tells the time, and until then the machine does."""
    first, second = Clock(), Clock()
    one = MemoryBackplane()
    other = MemoryBackplane(beside=one)
    one.enter("lobby", "c-1", {}, 60)
    assert one.members("lobby") == {"c-1": {}}
    one.leave("lobby", "c-1")
    other.start(print, first)
    one.start(print, second)
    one.enter("lobby", "c-1", {}, 60)
    second.advance(61)
    assert one.members("lobby") == {"c-1": {}}
    first.advance(60)
    assert one.members("lobby") == {}


class TestHistories:
    def make(self) -> tuple[Clock, MemoryBackplane]:
        clock = Clock()
        backplane = MemoryBackplane()
        backplane.start(lambda _: None, clock)
        return clock, backplane

    def publish(self, backplane: MemoryBackplane, room: str, seconds: float = 60) -> Any:
        return succeeded(backplane.publish(Deliver("item", Raw(b"1"), room=room, keep=Keep(10, seconds))))

    def test_interface(self) -> None:
        """It provides what IMemory asks for."""
        verifyObject(IMemory, MemoryBackplane())

    def test_forgottenByThemselves(self) -> None:
        """A timer removes expired histories, and none is left once all are gone."""
        clock, backplane = self.make()
        for number in range(100):
            self.publish(backplane, f"room-{number}")
            clock.advance(0.1)
        assert backplane.historyBytes > 0
        assert len(clock.getDelayedCalls()) == 1
        clock.advance(60)
        clock.pump([1] * 10)
        assert (backplane.historyBytes, clock.getDelayedCalls()) == (0, [])

    def test_inPortions(self) -> None:
        """Many histories that expire at the same time are removed in several turns of the reactor."""
        clock, backplane = self.make()
        for number in range(5 * PORTION):
            self.publish(backplane, f"room-{number}")
        turns = []
        clock.callLater(60, turns.append, backplane.historyBytes)
        for _ in range(4):
            clock.callLater(60, lambda: clock.callLater(0, lambda: turns.append(backplane.historyBytes)))
        clock.advance(60)
        assert backplane.historyBytes == 0
        assert any(0 < left < turns[0] for left in turns)

    def test_asking(self) -> None:
        """Subscribing to empty rooms and reading their positions leaves no memory and no timer behind."""
        clock, backplane = self.make()
        for number in range(100):
            backplane.subscribe(f"room-{number}")
            backplane.read(f"room-{number}", None, 0, Keep(10, 60))
            backplane.unsubscribe(f"room-{number}")
        assert (backplane.historyBytes, clock.getDelayedCalls()) == (0, [])

    def test_stopped(self) -> None:
        """The timer stops with the last node, and starts again with the next one."""
        clock, backplane = self.make()
        self.publish(backplane, "news")
        backplane.stop()
        assert clock.getDelayedCalls() == []
        clock.advance(100)
        backplane.start(lambda _: None, Clock())
        clock.advance(0)
        assert backplane.historyBytes == 0

    def test_watched(self) -> None:
        """Each node is told the changes of the bytes until it stops; the lowest of their limits counts."""
        _, backplane = self.make()
        beside = MemoryBackplane(beside=backplane)
        beside.start(lambda _: None, Clock())
        counted: list[int] = []
        told: list[int] = []
        backplane.limitHistories(0, counted.append)
        beside.limitHistories(50_000, told.append)
        for number in range(100):
            self.publish(backplane, f"room-{number}")
        assert sum(counted) == sum(told) == backplane.historyBytes == beside.historyBytes < 50_000
        beside.stop()
        assert backplane.forgetOldest()
        assert sum(counted) == backplane.historyBytes < sum(told)


def test_leavingAlone() -> None:
    """Leaving a room removes one member of one room only."""
    backplane = MemoryBackplane()
    for room, member in (("lobby", "c-1"), ("lobby", "c-2"), ("bar", "c-1")):
        backplane.enter(room, member, {}, 60)
    backplane.leave("lobby", "c-1")
    assert (backplane.members("lobby"), backplane.members("bar")) == ({"c-2": {}}, {"c-1": {}})
    backplane.leave("lobby", "c-2")
    assert backplane.members("lobby") == {}


def test_orderOfOneNode() -> None:
    """What a node publishes while it receives a message comes after that message, on every node."""
    one = MemoryBackplane()
    other = MemoryBackplane(beside=one)
    received: list[Any] = []

    def answer(message: Any) -> None:
        if message.code == 4501:
            one.publish(Disconnect("ada", 4502))

    one.start(answer, Clock())
    other.start(received.append, Clock())
    one.publish(Disconnect("ada", 4501))
    assert received == [Disconnect("ada", 4501), Disconnect("ada", 4502)]


def test_oneForEachHub() -> None:
    """Two hubs can't share one backplane object: the error says to make another beside it."""
    backplane = MemoryBackplane()
    backplane.start(print, Clock())
    with pytest.raises(UsageError, match="beside=another"):
        backplane.start(print, Clock())


def test_stoppedMeanwhile() -> None:
    """A node that another node's receiver stops receives nothing after that."""
    one = MemoryBackplane()
    other = MemoryBackplane(beside=one)
    received: list[Any] = []
    one.start(lambda _: other.stop(), Clock())
    other.start(received.append, Clock())
    one.publish(Disconnect("ada", 4503))
    assert received == []
