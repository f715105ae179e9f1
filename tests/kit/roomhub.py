"""
A hub with rooms of all kinds, and helpers to use them.
"""

from typing import Any

from twisted.internet.defer import Deferred

from ratchet_tx import Applications, Hub, RoomPolicy
from tests.kit.fakes import FakeProvider, Peer, startedHub, succeeded

LARGE = "x" * 1000


class Joins:
    """
    A policy that decides when the test says so.
    """

    def __init__(self) -> None:
        self.asked: list[Deferred[Any]] = []

    def __call__(self, client: Any, room: str) -> Deferred[Any]:
        self.asked.append(Deferred())
        return self.asked[-1]


def roomHub(*applications: Any, **arguments: Any) -> Hub:
    """
    Make a hub with rooms of all kinds, and the clients ada, bob and eve.
    """
    registered = Applications()
    registered.registerRooms("lobby", RoomPolicy())
    registered.registerRooms("room-*", RoomPolicy())
    registered.registerRooms("cafe*", RoomPolicy(presence=True))
    registered.registerRooms("club", RoomPolicy(historySize=10, historySeconds=60, presence=True))
    registered.registerRooms("news*", RoomPolicy(historySize=10, historySeconds=60))
    registered.registerRooms("user:*", RoomPolicy(mayJoin=lambda client, room: room == f"user:{client.id}"))
    arguments = {"clientProvider": FakeProvider(a="ada", b="bob", c="eve"), "applications": registered, **arguments}
    return startedHub(*applications, **arguments)


def arrive(hub: Hub, token: str = "a", version: int = 1) -> Peer:
    peer = Peer(hub)
    peer.logIn(token, v=version)
    peer.read()
    return peer


def publish(hub: Hub, *items: Any, room: str = "news") -> Any:
    """
    @return: the epoch
    """
    for item in items:
        epoch, _ = succeeded(hub.emit("item", item, room=room))
    return epoch


def live(data: Any, offset: int, room: str = "news") -> dict[str, Any]:
    return {"event": "item", "data": data, "room": room, "offset": offset}


def past(data: Any, offset: int) -> dict[str, Any]:
    return {"event": "item", "data": data, "offset": offset}
