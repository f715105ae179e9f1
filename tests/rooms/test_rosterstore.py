"""
The rosters that a node knows, and keeps right.
"""

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ratchet_tx.deferreds.coroutines import cancel
from ratchet_tx.rooms.roster import Changes, Member, Roster, packMeta
from ratchet_tx.rooms.rosterstore import Rosters
from tests.kit.fakes import failed, logged, succeeded

ADA, BOB, EVE = Member("ada", packMeta({})), Member("bob", packMeta({})), Member("eve", packMeta({}))


class World:
    """
    A backplane that answers when the test says so, and somebody who is told.
    """

    def __init__(self) -> None:
        self.asked: list[Deferred[Any]] = []
        self.told: list[tuple[list[str], list[str]]] = []
        self.ours: set[str] = set()
        self.rosters = Rosters(self._members, self._tell, lambda place: place[1] in self.ours)

    def _members(self, room: str) -> Deferred[Any]:
        self.asked.append(Deferred())
        return self.asked[-1]

    def _tell(self, room: str, changes: Changes) -> None:
        assert room == "cafe"
        self.told.append((list(changes.joins), list(changes.leaves)))

    def begin(self) -> Deferred[Roster]:
        return Deferred.fromCoroutine(self.rosters.acquire("cafe"))

    def answer(self, **members: Member) -> None:
        self.asked.pop(0).callback({ref: member.asEntry() for ref, member in members.items()})


@pytest.fixture
def world() -> World:
    return World()


def test_asksOnce(world: World) -> None:
    """Those who need a roster at the same time wait for one answer; who needs it later has it at once."""
    waiting = [world.begin(), world.begin()]
    assert len(world.asked) == 1
    world.answer(a=ADA)
    assert [list(succeeded(each)) for each in waiting] == [["a"], ["a"]]
    assert list(succeeded(world.begin())) == ["a"]
    assert world.asked == []


def test_forgotten(world: World) -> None:
    """A roster is known for as long as somebody needs it, and asked for again then."""
    for _ in range(2):
        world.begin()
        world.begin()
        world.answer()
        world.rosters.release("cafe")
        assert len(world.rosters) == 1
        world.rosters.release("cafe")
        assert len(world.rosters) == 0
    world.rosters.put("cafe", "a", ADA)
    assert (len(world.rosters), world.told) == (0, [])


def test_changesMeanwhile(world: World) -> None:
    """What changes while the backplane is asked is newer than its answer."""
    waiting = world.begin()
    world.rosters.put("cafe", "a", ADA)
    world.rosters.put("cafe", "b", BOB)
    world.rosters.remove("cafe", "b")
    world.rosters.remove("cafe", "e")
    world.answer(b=BOB, e=EVE)
    assert list(succeeded(waiting)) == ["a"]


def test_madeRight(world: World) -> None:
    """What the backplane knows otherwise is made right, and told; what is ours is known better here."""
    world.begin()
    world.answer(a=ADA, b=BOB)
    world.told.clear()
    world.ours.add("b")
    world.rosters.refresh("cafe")
    world.rosters.refresh("cafe")
    assert len(world.asked) == 1
    world.answer(e=EVE)
    assert world.told == [(["eve"], ["ada"])]
    world.rosters.refresh("cafe")
    world.answer(e=EVE, b=ADA)
    assert len(world.told) == 1


def test_failing(world: World) -> None:
    """Where the backplane fails, so does whoever waits; the next asks again."""
    waiting = world.begin()
    with logged() as lines:
        world.asked.pop(0).errback(OSError("gone"))
    assert isinstance(failed(waiting), OSError)
    assert (len(world.rosters), len(lines)) == (0, 1)
    again = world.begin()
    world.answer(a=ADA)
    assert list(succeeded(again)) == ["a"]


def test_failingLater(world: World) -> None:
    """Where it fails later, what is known stays known."""
    world.begin()
    world.answer(a=ADA)
    world.rosters.refresh("cafe")
    with logged():
        world.asked.pop(0).errback(OSError("gone"))
    assert list(succeeded(world.begin())) == ["a"]


def test_raising() -> None:
    """A backplane that raises has failed, too."""

    def members(room: str) -> Any:
        raise OSError("gone")

    with logged():
        waiting = Deferred.fromCoroutine(Rosters(members, lambda *_: None, lambda *_: False).acquire("cafe"))
    assert isinstance(failed(waiting), OSError)


def test_whoWaitsNoLonger(world: World) -> None:
    """Who waits no longer isn't told, and needs the roster no longer."""
    waiting, other = world.begin(), world.begin()
    cancel(waiting)
    failed(waiting)
    world.answer(a=ADA)
    assert list(succeeded(other)) == ["a"]
    world.rosters.release("cafe")
    assert len(world.rosters) == 0


def test_forgottenMeanwhile(world: World) -> None:
    """An answer that nobody needs any more changes nothing."""
    waiting = world.begin()
    cancel(waiting)
    failed(waiting)
    world.answer(a=ADA)
    assert (world.told, len(world.rosters)) == ([], 0)


def test_next() -> None:
    """Each room has its turn before any has a second one."""
    rosters = Rosters(lambda room: {}, lambda *_: None, lambda *_: False)
    for room in "abcde":
        succeeded(Deferred.fromCoroutine(rosters.acquire(room)))
    assert (rosters.nextRooms(2), rosters.nextRooms(2), rosters.nextRooms(2)) == (["a", "b"], ["c", "d"], ["e", "a"])
    assert rosters.nextRooms(0) == []
