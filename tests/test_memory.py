"""
The backplane in memory: nodes that share one process.
"""

from typing import Any

import pytest
from twisted.internet.task import Clock

from ratchet_tx import UsageError
from ratchet_tx.backplane.memory import MemoryBackplane
from ratchet_tx.messages import Disconnect
from tests.contracts import BackplaneContract


class TestMemoryBackplane(BackplaneContract):
    """
    What every backplane does.
    """

    def makeTwo(self) -> tuple[MemoryBackplane, MemoryBackplane]:
        self.clock = Clock()
        one = MemoryBackplane(seconds=self.clock.seconds)
        return one, MemoryBackplane(beside=one)

    def passTime(self, seconds: float) -> None:
        self.clock.advance(seconds)


def test_apart() -> None:
    """Nodes that were not put beside each other know nothing of each other."""
    one, other = MemoryBackplane(), MemoryBackplane()
    received: list[Any] = []
    one.start(lambda _: None)
    other.start(received.append)
    one.publish(Disconnect("ada", 4503))
    one.enter("lobby", "c-1", {}, 60)
    assert received == []
    assert other.members("lobby") == {}


def test_threeNodes() -> None:
    """A node may stand beside any other of its system."""
    one = MemoryBackplane()
    three = MemoryBackplane(beside=MemoryBackplane(beside=one))
    received: list[Any] = []
    three.start(received.append)
    one.publish(Disconnect("ada", 4503))
    assert received == [Disconnect("ada", 4503)]


def test_notStarted() -> None:
    """A node that is alone and not started publishes to nobody."""
    MemoryBackplane().publish(Disconnect("ada", 4503))


def test_startedAgain() -> None:
    """A node that comes again receives what is published from then on."""
    backplane = MemoryBackplane()
    received: list[Any] = []
    backplane.start(received.append)
    backplane.stop()
    backplane.publish(Disconnect("ada", 4501))
    backplane.start(received.append)
    backplane.publish(Disconnect("ada", 4502))
    assert received == [Disconnect("ada", 4502)]


def test_time() -> None:
    """A backplane that is told no time asks the first who tells it, and until then the machine."""
    first, second = Clock(), Clock()
    one = MemoryBackplane()
    other = MemoryBackplane(beside=one)
    one.enter("lobby", "c-1", {}, 60)
    assert one.members("lobby") == {"c-1": {}}
    one.leave("lobby", "c-1")
    other.provideSeconds(first.seconds)
    one.provideSeconds(second.seconds)
    one.enter("lobby", "c-1", {}, 60)
    second.advance(61)
    assert one.members("lobby") == {"c-1": {}}
    first.advance(60)
    assert one.members("lobby") == {}


def test_leavingAlone() -> None:
    """Who leaves a room leaves the others in it, and all other rooms."""
    backplane = MemoryBackplane()
    for room, member in (("lobby", "c-1"), ("lobby", "c-2"), ("bar", "c-1")):
        backplane.enter(room, member, {}, 60)
    backplane.leave("lobby", "c-1")
    assert (backplane.members("lobby"), backplane.members("bar")) == ({"c-2": {}}, {"c-1": {}})
    backplane.leave("lobby", "c-2")
    assert backplane.members("lobby") == {}


def test_orderOfOneNode() -> None:
    """What a node publishes while it receives comes after what it receives, on every node."""
    one = MemoryBackplane()
    other = MemoryBackplane(beside=one)
    received: list[Any] = []

    def answer(message: Any) -> None:
        if message.code == 4501:
            one.publish(Disconnect("ada", 4502))

    one.start(answer)
    other.start(received.append)
    one.publish(Disconnect("ada", 4501))
    assert received == [Disconnect("ada", 4501), Disconnect("ada", 4502)]


def test_oneForEachHub() -> None:
    """Two hubs can't have one backplane: the second is told to get one of its own."""
    backplane = MemoryBackplane()
    backplane.start(print)
    with pytest.raises(UsageError, match="beside=another"):
        backplane.start(print)


def test_stoppedMeanwhile() -> None:
    """A node that is stopped by what another receives gets nothing after that."""
    one = MemoryBackplane()
    other = MemoryBackplane(beside=one)
    received: list[Any] = []
    one.start(lambda _: other.stop())
    other.start(received.append)
    one.publish(Disconnect("ada", 4503))
    assert received == []
