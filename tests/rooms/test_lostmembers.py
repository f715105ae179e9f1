"""
Members whose connections were lost.
"""

import pytest

from ratchet_tx.budget.ledger import Ledger
from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.rooms.lostmembers import LostMembers
from ratchet_tx.rooms.roster import Member, packMeta
from tests.kit.fakes import Clock

ADA, BOB = Member("ada", packMeta({})), Member("bob", packMeta({}))


class World:
    """
    Lost members that are kept for 10 seconds, and those whose time is over.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.ledger = Ledger()
        self.expired: list[tuple[str, str]] = []
        self.lost = LostMembers(10, Patience(self.clock), self.ledger, lambda *shown: self.expired.append(shown))


@pytest.fixture
def world() -> World:
    return World()


def test_expired(world: World) -> None:
    """A member is kept for some seconds after its own loss, and then reported once."""
    world.lost.add("cafe", "a", ADA)
    world.clock.advance(4)
    world.lost.add("cafe", "b", BOB)
    world.clock.pump([6, 0, 0])
    assert (world.expired, len(world.lost)) == ([("cafe", "a")], 1)
    world.clock.pump([4, 0, 0])
    assert (world.expired, len(world.lost)) == ([("cafe", "a"), ("cafe", "b")], 0)


def test_remove(world: World) -> None:
    """A member whose client reconnects isn't reported; removing one that isn't there changes nothing."""
    world.lost.add("cafe", "a", ADA)
    for ref in ("a", "a", "b"):
        world.lost.remove("cafe", ref)
    world.clock.pump([20, 0, 0])
    assert (world.expired, len(world.lost), world.clock.getDelayedCalls()) == ([], 0, [])


@pytest.mark.parametrize(("room", "expired"), [(None, [("cafe", "a"), ("club", "a")]), ("club", [("club", "a")])])
def test_expire(world: World, room: str | None, expired: list[tuple[str, str]]) -> None:
    """The timeouts of one client's members can be ended, in one room or in all."""
    for name, ref, member in (("cafe", "a", ADA), ("club", "a", ADA), ("club", "b", BOB)):
        world.lost.add(name, ref, member)
    world.lost.expire("ada", room)
    assert (world.expired, len(world.lost)) == (expired, 3 - len(expired))


def test_bytes(world: World) -> None:
    """The bytes of members are counted until they are removed, expire or are cleared."""
    for ref in ("a", "b", "c"):
        world.lost.add("cafe", ref, ADA)
    assert world.ledger.parts["metas"] == 3 * ADA.size
    world.lost.remove("cafe", "a")
    world.lost.expire("ada", "club")
    assert world.ledger.parts["metas"] == 2 * ADA.size
    world.lost.clear()
    assert (world.ledger.parts["metas"], world.expired, world.clock.getDelayedCalls()) == (0, [], [])
