"""
The rooms that one connection is in.
"""

from collections.abc import Collection
from typing import Any

import pytest

from ratchet_tx import PeerError
from ratchet_tx.connections.holdback import HeldFrame, HeldFrames
from ratchet_tx.connections.member import Member
from tests.kit.fakes import makeShared


class Rooms:
    """
    What a member tells of its rooms.
    """

    spares: dict[str, str] = {}

    def __init__(self) -> None:
        self.told: list[Any] = []

    def joined(self, connection: Any, room: str) -> None:
        self.told.append(room)

    def left(self, connection: Any, rooms: Collection[str]) -> None:
        self.told.append(rooms)


def member(rooms: int = 0) -> tuple[Member, list[Any]]:
    told = Rooms()
    return Member(makeShared(broadcast=told, limits={"rooms": rooms})), told.told


def test_enterAndQuit() -> None:
    """It is in the rooms that it entered, each once and in order, until it quits them."""
    ada, told = member()
    assert [ada.addRoom(room) for room in ("lobby", "bar", "lobby")] == [True, True, False]
    assert ada.rooms == ("lobby", "bar")
    assert [ada.removeRoom(room) for room in ("lobby", "lobby", "nowhere")] == [True, False, False]
    assert ada.rooms == ("bar",)
    assert (ada.isIn("bar"), ada.isIn("lobby")) == (True, False)
    assert told == ["lobby", "bar", ("lobby",)]


def test_limit() -> None:
    """It can't be in more rooms than the limit says; one that it is in already is never too many."""
    ada, told = member(2)
    for room in ("a", "b", "b"):
        ada.addRoom(room)
    with pytest.raises(PeerError, match=r"room\.limit: You may be in 2 rooms"):
        ada.addRoom("c")
    assert (ada.rooms, told) == (("a", "b"), ["a", "b"])
    ada.removeRoom("a")
    assert ada.addRoom("c")


def test_leaveAll() -> None:
    """It leaves all its rooms at once; after that it may enter again."""
    ada, told = member(2)
    ada.leaveAll()
    assert told == []
    for room in ("a", "b"):
        ada.addRoom(room)
    ada.leaveAll()
    ada.leaveAll()
    assert (ada.rooms, told) == ((), ["a", "b", ("a", "b")])
    assert ada.addRoom("c")


def test_hold() -> None:
    """Of a room that it quits on its way into it nothing is held back any more, and nothing counted."""
    ada, _ = member()
    heldFrames = HeldFrames(["news", "lobby"], 0)
    ada.holdBack(heldFrames)
    for room in ("news", "lobby"):
        heldFrames.keep(HeldFrame(room, 1, b"frame", None))
    ada.account.keep("held", heldFrames.size)
    assert not ada.removeRoom("news")
    assert (heldFrames.rooms, ada.account.held) == ({"lobby"}, 5)
    ada.leaveAll()
    assert (heldFrames.rooms, ada.account.held) == (set(), 0)
    ada.holdBack(None)
    assert ada.heldFrames is None
