"""
Histories: what rooms remember, and for how long.
"""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet_tx.backplane.histories import PORTION, Histories
from ratchet_tx.backplane.historyevents import HistoryEvent, Position
from ratchet_tx.backplane.messages import Keep

KEEP = Keep(3, 10)


class World:
    """
    Histories, the time, and who is in which room.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.inside: set[str] = set()
        self.histories = Histories(self.inside.__contains__)

    def publish(self, data: Any, room: str = "news", keep: Keep = KEEP) -> Position:
        return self.histories.append(room, keep, "item", msgspec.Raw(msgspec.json.encode(data)), self.now)

    def read(self, since: Position | None = None, limit: int = 100, keep: Keep | None = None, room: str = "news") -> Any:
        return self.histories.read(room, since, limit, self.now, keep)

    def remembered(self) -> list[int]:
        return [event.offset for event in self.read()[2]]


def test_numbered() -> None:
    """Events are numbered from 1 in the order in which they are published, all in one epoch."""
    world = World()
    positions = [world.publish(data) for data in "abc"]
    assert [position.offset for position in positions] == [1, 2, 3]
    assert len({position.epoch for position in positions}) == 1
    epoch, offset, events = world.read()
    assert (epoch, offset) == positions[-1]
    data = (b'"a"', b'"b"', b'"c"')
    assert events == [HistoryEvent("item", msgspec.Raw(each), number) for number, each in enumerate(data, 1)]


def test_nothingPublished() -> None:
    """A room that keeps a history has a position before anything was published to it."""
    world = World()
    assert world.read() is None
    epoch, offset, events = world.read(keep=KEEP)
    assert (offset, events) == (0, [])
    assert world.publish("a") == (epoch, 1)


def test_bySize() -> None:
    """A room keeps as many events as it is told to, and the oldest go first."""
    world = World()
    for data in "abcde":
        world.publish(data)
    assert world.remembered() == [3, 4, 5]
    world.publish("f", keep=Keep(2, 10))
    assert world.remembered() == [5, 6]


def test_byAge() -> None:
    """An event that is too old is forgotten, whether or not others come; its number isn't given again."""
    world = World()
    world.inside.add("news")
    world.publish("a")
    world.now = 9
    world.publish("b")
    world.now = 10
    assert world.remembered() == [2]
    world.now = 100
    assert world.remembered() == []
    assert world.publish("c").offset == 3


def test_pages() -> None:
    """Reading gives a number of events from a position on; from a position that is too old, what is left."""
    world = World()
    for data in "abcde":
        epoch = world.publish(data).epoch
    assert [event.offset for event in world.read(Position(epoch, 3), 1)[2]] == [4]
    assert [event.offset for event in world.read(Position(epoch, 1), 2)[2]] == [3, 4]
    assert [event.offset for event in world.read(Position(epoch, 5), 2)[2]] == []
    assert [event.offset for event in world.read(Position("other", 4), 5)[2]] == [3, 4, 5]


class TestEnd:
    def test_keptWhileSomebodyIsIn(self) -> None:
        """While a room has members its history lasts, however quiet the room is."""
        world = World()
        before = world.publish("a")
        world.inside.add("news")
        for _ in range(5):
            world.now += 100
            assert world.read()[0] == before.epoch
        assert world.publish("b") == (before.epoch, 2)

    @pytest.mark.parametrize("last", ["publish", "leave"])
    def test_endsAfterTheLast(self, last: str) -> None:
        """A history lasts for C{Keep.seconds} after the last publish or leave, and not a moment longer."""
        world = World()
        before = world.publish("a")
        world.now = 6
        if last == "publish":
            world.publish("b")
        else:
            world.histories.left("news", world.now)
        world.now = 15.9
        assert world.read()[0] == before.epoch
        world.now = 16
        assert world.read() is None
        after = world.publish("c")
        assert after.offset == 1
        assert after.epoch != before.epoch

    def test_leftAfterALongStay(self) -> None:
        """The seconds count from the leave of a member, however long it stayed."""
        world = World()
        before = world.publish("a")
        world.inside.add("news")
        world.now = 1000
        world.read()
        world.now = 1003
        world.inside.clear()
        world.histories.left("news", world.now)
        world.now = 1012.9
        assert world.read()[0] == before.epoch
        world.now = 1013
        assert world.read() is None

    def test_leavingWhatHasNone(self) -> None:
        """Leaving a room without a history does nothing."""
        world = World()
        world.histories.left("lobby", 1)
        assert len(world.histories) == 0


class TestForgetting:
    def test_inPortions(self) -> None:
        """Expired histories are removed a portion at a time, so that many of them don't block the reactor."""
        world = World()
        for number in range(3 * PORTION):
            world.publish("a", room=f"room-{number}")
        world.now = 10
        left = len(world.histories)
        while (due := world.histories.due) is not None and due <= world.now:
            world.histories.expire(world.now)
            assert left - PORTION <= len(world.histories) < left
            left = len(world.histories)
        assert (left, world.histories.due, world.histories.bytes) == (0, None, 0)

    def test_readersDontWait(self) -> None:
        """Reading one room doesn't remove the expired histories of other rooms."""
        world = World()
        for number in range(PORTION):
            world.publish("a", room=f"room-{number}")
        world.now = 10
        assert world.read() is None
        assert len(world.histories) == PORTION

    def test_whereSomebodyIs(self) -> None:
        """In a room with members old events are forgotten, and the history goes on."""
        world = World()
        before = world.publish("a" * 1000)
        world.inside.add("news")
        world.now = 10
        world.histories.expire(world.now)
        assert world.histories.bytes < 1000
        assert world.histories.due == 20
        assert world.publish("b") == (before.epoch, 2)

    def test_whatIsTouchedStays(self) -> None:
        """Another publish makes a history last longer."""
        world = World()
        for room in ("news", "quiet"):
            world.publish("a", room=room)
        world.now = 5
        world.publish("b")
        world.now = 10
        world.histories.expire(world.now)
        assert (len(world.histories), world.histories.due) == (1, 15)

    def test_differentSeconds(self) -> None:
        """Rooms that keep events for longer don't delay the others; a room may change what it keeps."""
        world = World()
        world.publish("a", room="long", keep=Keep(3, 100))
        world.publish("a", room="short")
        world.publish("a", room="shorter", keep=Keep(3, 50))
        world.publish("b", room="shorter", keep=Keep(3, 5))
        assert world.histories.due == 5
        world.now = 10
        world.histories.expire(world.now)
        assert (len(world.histories), world.histories.due) == (1, 100)


class TestAsking:
    def test_keepsNothing(self) -> None:
        """Reading rooms to which nothing was published keeps nothing, however many there are."""
        world = World()
        asked = {world.read(None, 10, KEEP, room=f"room-{number}")[0] for number in range(1000)}
        assert len(asked) == 1000
        assert (len(world.histories), world.histories.bytes, world.histories.due) == (0, 0, None)

    def test_theSameUntilItBegins(self) -> None:
        """All readers are told the same epoch, and the room's next history has it."""
        world = World()
        epoch, _, _ = world.read(keep=KEEP)
        world.now = 1_000_000
        assert world.read(keep=KEEP)[0] == epoch
        assert world.publish("a") == (epoch, 1)
        assert world.read(Position(epoch, 0))[2] == [HistoryEvent("item", msgspec.Raw(b'"a"'), 1)]

    def test_neverAgain(self) -> None:
        """However often a room's history ends, no later one has an epoch that was told before."""
        world = World()
        told = set()
        for number in range(1, 100):
            told |= {world.read(keep=KEEP)[0]}
            assert world.publish("a").epoch in told
            world.now += 10
            assert world.read() is None
            assert len(told) == number

    def test_whoIsIn(self) -> None:
        """Members of a room without a history are told the epoch that it will have, whatever ends elsewhere."""
        world = World()
        world.inside.add("news")
        epoch, _, _ = world.read(keep=KEEP)
        self.endHistories(world)
        assert world.read(keep=KEEP)[0] == epoch
        assert world.publish("a") == (epoch, 1)

    def test_whoWasIn(self) -> None:
        """Once the last member left, no later history has the epoch that they were told."""
        world = World()
        world.inside.add("news")
        epoch, _, _ = world.read(keep=KEEP)
        self.endHistories(world)
        world.inside.clear()
        world.histories.left("news", world.now)
        assert world.read(keep=KEEP)[0] != epoch
        assert world.publish("a").epoch != epoch

    def endHistories(self, world: World) -> None:
        """
        End some histories in each bucket of rooms.
        """
        for number in range(40_000):
            world.publish("a", room=f"room-{number}", keep=Keep(1, 0))
        world.now += 1
        while world.histories.due is not None:
            world.histories.expire(world.now)


class TestLimit:
    def test_theOldestGoes(self) -> None:
        """Beyond the limit the room that was quiet for the longest loses its history; the new event stays."""
        world = World()
        world.histories.limitTo(20_000)
        positions = []
        for number in range(30):
            world.now += 0.01
            positions.append(world.publish("x" * 1000, room=f"room-{number}"))
            assert world.histories.bytes <= 20_000
        assert world.histories.read("room-0", None, 10, world.now) is None
        assert world.read(Position(positions[-1].epoch, 0), 10, room="room-29")[1] == 1
        assert world.read(None, 10, KEEP, room="room-0")[0] != positions[0].epoch

    def test_whereSomebodyIs(self) -> None:
        """A room with members loses its events, and its offsets go on."""
        world = World()
        world.histories.limitTo(20_000)
        world.inside.add("news")
        before = world.publish("a")
        for number in range(30):
            world.now += 0.01
            world.publish("x" * 1000, room=f"room-{number}")
        assert world.read() == (*before, [])
        assert world.publish("b") == (before.epoch, 2)
        assert world.remembered() == [2]

    def test_oneRoom(self) -> None:
        """A room that exceeds the limit by itself loses its own oldest events."""
        world = World()
        world.histories.limitTo(5_000)
        for number in range(10):
            world.publish(str(number) * 1000, keep=Keep(100, 10))
        assert world.remembered() == [8, 9, 10]
        assert world.publish("x" * 10_000).offset == 11
        assert world.read()[1:] == (11, [])

    def test_noLimit(self) -> None:
        """Without a limit all events are kept."""
        world = World()
        for number in range(100):
            world.publish("x" * 1000, room=f"room-{number}")
        assert len(world.histories) == 100

    def test_nothingLeft(self) -> None:
        """C{forgetOldest} says when nothing is left to forget, also where rooms with members go on."""
        world = World()
        assert not world.histories.forgetOldest(0)
        for room in ("news", "other"):
            world.inside.add(room)
            world.publish("a", room=room)
        world.publish("a", room="third")
        assert [world.histories.forgetOldest(0) for _ in range(5)] == [True, True, True, False, False]

    def test_allIsCounted(self) -> None:
        """Every byte that was added is subtracted again, whatever removed it."""
        world = World()
        changes: list[int] = []
        world.histories = Histories(world.inside.__contains__, changes.append)
        world.histories.limitTo(30_000)
        for number in range(200):
            world.now += number % 3
            world.publish("x" * (number * 37 % 2000), room=f"room-{number % 7}", keep=Keep(1 + number % 5, 5))
            assert sum(changes) == world.histories.bytes > 0
        world.now += 5
        world.histories.expire(world.now)
        assert (sum(changes), world.histories.bytes, len(world.histories)) == (0, 0, 0)


@given(st.lists(st.tuples(st.sampled_from(["publish", "enter", "leave", "wait"]), st.integers(0, 7))), st.integers(1, 4))
def test_asAListWould(steps: list[tuple[str, int]], size: int) -> None:
    """In any order of steps, a room keeps what a plain list of the published events says."""
    world, keep = World(), Keep(size, 5)
    published: list[tuple[float, int]] = []
    ends = 0.0
    for step, number in steps:
        if not world.inside and ends <= world.now:
            published = []
        if step == "publish":
            assert world.publish(number, keep=keep).offset == len(published) + 1
            published.append((world.now + 5, number))
            ends = world.now + 5
        elif step == "wait":
            world.now += number
        elif step == "enter":
            world.inside.add("news")
        elif world.inside:
            world.inside.clear()
            world.histories.left("news", world.now)
            ends = world.now + 5
        if not world.inside and ends <= world.now:
            assert world.read() is None
        elif (read := world.read()) is not None:
            expected = [data for end, data in published[-size:] if end > world.now]
            assert [msgspec.json.decode(event.data) for event in read[2]] == expected
            assert read[1] == len(published)
