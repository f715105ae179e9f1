"""
Histories: what rooms remember, for how long, and whether it is everything.
"""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet_tx.history import Histories, Past, Position, isAll, sizeOf
from ratchet_tx.messages import Keep

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

    def read(self, since: Position | None = None, limit: int = 100, keep: Keep | None = None) -> Any:
        return self.histories.read("news", since, limit, self.now, keep)

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
    assert events == [Past("item", msgspec.Raw(b'"%s"' % data), number) for number, data in enumerate((b"a", b"b", b"c"), 1)]


def test_nothingPublished() -> None:
    """A room that has a history is at a position before anything was published to it."""
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
    """One reads from a position on, so many events at once; from too early a position what is left."""
    world = World()
    for data in "abcde":
        epoch = world.publish(data).epoch
    assert [event.offset for event in world.read(Position(epoch, 3), 1)[2]] == [4]
    assert [event.offset for event in world.read(Position(epoch, 1), 2)[2]] == [3, 4]
    assert [event.offset for event in world.read(Position(epoch, 5), 2)[2]] == []
    assert [event.offset for event in world.read(Position("other", 4), 5)[2]] == [3, 4, 5]


class TestLives:
    def test_keptWhileSomebodyIsIn(self) -> None:
        """While somebody is in a room its life goes on, however quiet it is."""
        world = World()
        before = world.publish("a")
        world.inside.add("news")
        for _ in range(5):
            world.now += 100
            assert world.read()[0] == before.epoch
        assert world.publish("b") == (before.epoch, 2)

    @pytest.mark.parametrize("last", ["publish", "leave"])
    def test_endsAfterTheLast(self, last: str) -> None:
        """A room's life lasts for its seconds after the last publish or leave, and not a moment longer."""
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
        """Who stayed for long and goes is remembered for the room's seconds from then on."""
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

    def test_nothingStays(self) -> None:
        """Rooms whose lives are over are forgotten as soon as anything happens, were there ever so many."""
        world = World()
        for number in range(1000):
            world.publish("a", room=f"room-{number}")
        world.now = 10
        world.publish("a")
        assert len(world.histories) == 1


class TestIsAll:
    def past(self, *offsets: int) -> list[Past]:
        return [Past("item", msgspec.Raw(b"1"), offset) for offset in offsets]

    def test_all(self) -> None:
        """Events are all there are between two positions where they go from the one to the other without a gap."""
        assert isAll(self.past(3, 4), Position("e", 2), Position("e", 4))
        assert isAll([], Position("e", 4), Position("e", 4))

    @pytest.mark.parametrize(
        ("offsets", "since"),
        [
            ((4,), Position("e", 2)),
            ((3,), Position("e", 2)),
            ((), Position("e", 2)),
            ((3, 4), Position("other", 2)),
            ((), Position("e", 5)),
            ((), Position("other", 4)),
        ],
    )
    def test_notAll(self, offsets: tuple[int, ...], since: Position) -> None:
        """They aren't where one is missing, where the epoch is another, or where the position is yet to come."""
        assert not isAll(self.past(*offsets), since, Position("e", 4))


def test_size() -> None:
    """The size of events is about what they have on the wire, were they tiny or large."""
    events = [Past("ü", msgspec.Raw(b'"ab"'), 1000), Past("x" * 128, msgspec.Raw(b"1" * 5000), 2**53 - 1)]
    for some in (events[:1] * 500, events[1:] * 3, events, []):
        assert sizeOf(some) == pytest.approx(len(msgspec.json.encode(some)), rel=0.2, abs=2)


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["publish", "enter", "leave", "wait"]), st.integers(0, 7))), st.integers(1, 4))
def test_asAListWould(steps: list[tuple[str, int]], size: int) -> None:
    """Whatever happens in whatever order, a room remembers what a plain list of what was published says."""
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
