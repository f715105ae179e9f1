"""
The rooms that one connection is in.
"""

import pytest

from ratchet_tx import PeerError
from ratchet_tx.connections.memberships import Memberships


def test_enterAndQuit() -> None:
    """It is in the rooms that it entered, each once and in order, until it quits them."""
    memberships = Memberships()
    assert [memberships.enter(room, 0) for room in ("lobby", "bar", "lobby")] == [True, True, False]
    assert memberships.names() == ("lobby", "bar")
    assert [memberships.quit(room) for room in ("lobby", "lobby", "nowhere")] == [True, False, False]
    assert memberships.names() == ("bar",)
    assert ("bar" in memberships, "lobby" in memberships) == (True, False)


def test_limit() -> None:
    """It can't be in more rooms than the limit says; one that it is in already is never too many."""
    memberships = Memberships()
    for room in ("a", "b", "b"):
        memberships.enter(room, 2)
    with pytest.raises(PeerError, match=r"room\.limit: You may be in 2 rooms"):
        memberships.enter("c", 2)
    assert memberships.names() == ("a", "b")
    memberships.quit("a")
    assert memberships.enter("c", 2)


def test_quitAll() -> None:
    """It quits all its rooms at once, and says which these were; after that it may enter again."""
    memberships = Memberships()
    assert memberships.quitAll() == ()
    for room in ("a", "b"):
        memberships.enter(room, 2)
    assert memberships.quitAll() == ("a", "b")
    assert (memberships.names(), memberships.quitAll()) == ((), ())
    assert memberships.enter("c", 2)
