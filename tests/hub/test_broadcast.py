"""
What is sent to many: from one node to all, and from all to one.
"""

from typing import Any

import msgspec
import pytest

from ratchet_tx import RoomPolicy, UsageError
from ratchet_tx.backplane.memory import MemoryBackplane
from ratchet_tx.hub.published import Position
from tests.kit.applications import Echo
from tests.kit.fakes import (
    FakeProvider,
    Peer,
    clockOf,
    startedHub,
    succeeded,
)
from tests.kit.roomhub import arrive, roomHub


class TestMany:
    def test_broadcast(self) -> None:
        """A broadcast reaches everybody but its sender, and the strangers who haven't logged in."""
        hub = startedHub(Echo(), clientProvider=FakeProvider(a="ada", b="bob"))
        ada, bob, stranger = Peer(hub), Peer(hub), Peer(hub)
        ada.logIn("a")
        bob.logIn("b")
        for peer in (ada, bob):
            peer.read()
        ada.emit("shout", "hi")
        assert (ada.read(), bob.read(), stranger.read()) == ([], [{"event": "shout", "data": "hi"}], [])

    def test_everyNode(self) -> None:
        """What is sent to many reaches the connections of every node."""
        one = startedHub(Echo())
        other = startedHub(backplane=MemoryBackplane(one.backplane))
        here, there = Peer(one), Peer(other)
        here.emit("shout", 1)
        one.emit("news", {"x": [1]})
        assert here.read() == [{"event": "news", "data": {"x": [1]}}]
        assert there.read() == [{"event": "shout", "data": 1}, {"event": "news", "data": {"x": [1]}}]

    def test_roomsAndClients(self) -> None:
        """An event reaches a room's members, a client's connections, or the connections of a client that are in a room."""
        hub = startedHub(clientProvider=FakeProvider(a="ada", b="bob"))
        ada, again, bob = Peer(hub), Peer(hub), Peer(hub)
        for peer, token in ((ada, "a"), (again, "a"), (bob, "b")):
            peer.logIn(token)
            peer.read()
        ada.connection.join("lobby")
        bob.connection.join("lobby")
        hub.emit("room", 1, room="lobby")
        hub.emit("client", 2, client="ada")
        hub.emit("both", 3, room="lobby", client="ada")
        room = {"event": "room", "data": 1, "room": "lobby"}
        client = {"event": "client", "data": 2}
        assert ada.read() == [room, client, {"event": "both", "data": 3, "room": "lobby"}]
        assert again.read() == [client]
        assert bob.read() == [room]

    def test_roomsWithAHistory(self) -> None:
        """What is published to a room with a history is numbered, on every node, and the publisher is told its position."""
        one = startedHub()
        other = startedHub(backplane=MemoryBackplane(one.backplane))
        for hub in (one, other):
            hub.applications.registerRooms("news", RoomPolicy(10, 60))
            hub.applications.registerEvent("item", whenSlow="drop")
        here, there = Peer(one), Peer(other)
        for peer in (here, there):
            peer.connection.join("news")
        epoch, offset = succeeded(one.emit("item", "a", room="news"))
        assert offset == 1
        assert succeeded(other.emit("item", "b", room="news")) == Position(epoch, 2)
        heard = [
            {"event": "item", "data": "a", "room": "news", "offset": 1},
            {"event": "item", "data": "b", "room": "news", "offset": 2},
        ]
        assert here.read() == there.read() == heard
        assert here.transport.spares == [None, None]

    def test_forOneClientOfARoomWithAHistory(self) -> None:
        """What is for one client in a room has no number, for the others would miss it."""
        hub = startedHub(clientProvider=FakeProvider(a="ada"))
        hub.applications.registerRooms("news", RoomPolicy(10, 60))
        ada = Peer(hub)
        ada.logIn("a")
        ada.connection.join("news")
        assert succeeded(hub.emit("item", "a", room="news", client="ada")) is None
        assert ada.read()[1:] == [{"event": "item", "data": "a", "room": "news"}]
        assert succeeded(hub.emit("item", "b", room="news")).offset == 1

    def test_aRoomsLifeIsOfTheHubsTime(self) -> None:
        """How long a room remembers goes by the hub's clock."""
        hub = startedHub()
        hub.applications.registerRooms("news", RoomPolicy(10, 60))
        epoch, _ = succeeded(hub.emit("item", room="news"))
        clockOf(hub).advance(59)
        assert succeeded(hub.emit("item", room="news")) == Position(epoch, 2)
        clockOf(hub).advance(60)
        assert succeeded(hub.emit("item", room="news")).epoch != epoch

    def test_disconnectAndLeave(self) -> None:
        """A client can be removed from a room, and disconnected, on all its connections."""
        one = startedHub(clientProvider=FakeProvider(a="ada", b="bob"))
        other = startedHub(backplane=MemoryBackplane(one.backplane), clientProvider=FakeProvider(a="ada"))
        ada, again, bob = Peer(one), Peer(other), Peer(one)
        for peer, token in ((ada, "a"), (again, "a"), (bob, "b")):
            peer.logIn(token)
            peer.connection.join("lobby")
        one.leave("ada", "lobby")
        assert (ada.connection.rooms, again.connection.rooms, bob.connection.rooms) == ((), (), ("lobby",))
        one.disconnect("ada")
        assert ada.transport.closedWith == again.transport.closedWith == (4503, "Disconnected by the server")
        assert bob.transport.closedWith is None

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("socket.open",), "protocol's own"),
            (("",), "1 to 128"),
            (("x" * 129,), "1 to 128"),
            ((5,), "is a text, not int"),
            (("x", object()), "JSON"),
            (("x", "\ud800"), "surrogate"),
            (("x", None, ""), "a room"),
        ],
    )
    def test_whatCantBeSent(self, arguments: Any, said: str) -> None:
        """An event that can't be sent is the caller's error, which says why."""
        with pytest.raises(UsageError, match=said):
            startedHub().emit(*arguments)

    @pytest.mark.parametrize("id", [5, None, ["ada"], {"ada": 1}])
    def test_idsThatAreNone(self, id: Any) -> None:
        """A client is named by a text; whatever else, be it a peer's, is the caller's error."""
        hub = startedHub()
        calls = [lambda: hub.disconnect(id), lambda: hub.leave(id, "lobby")]
        for call in calls if id is None else [*calls, lambda: hub.emit("x", client=id)]:
            with pytest.raises(UsageError, match="by its id"):
                call()

    def test_codesThatCantBeSent(self) -> None:
        """A client can't be closed with a code that RFC 6455 keeps for other things."""
        with pytest.raises(UsageError, match="1006"):
            startedHub().disconnect("ada", code=1006)

    def test_interest(self) -> None:
        """The backplane is told of a room's first member on this node, and of the last one's leaving."""
        hub = startedHub()
        told: list[tuple[str, str]] = []
        hub.backplane.subscribe = lambda room: told.append(("subscribe", room))
        hub.backplane.unsubscribe = lambda room: told.append(("unsubscribe", room))
        one, other = Peer(hub), Peer(hub)
        for each in (one, other):
            each.connection.join("lobby")
        for each in (one, other):
            each.leave()
        assert told == [("subscribe", "lobby"), ("unsubscribe", "lobby")]


def test_namesThatCantBeSent() -> None:
    """A name or a text that can't be sent is refused before anything has changed: no number of a history is taken."""
    hub = roomHub()
    ada = arrive(hub)
    before = ada.ask("socket.subscribe", {"room": "news"})["offset"]
    for event, data, room in (
        ("a\ud800", 1, "news"),
        ("a", {"x\ud800": 1}, "news"),
        ("a", ["\udcff"], "news"),
        ("a", 1, "\ud800"),
    ):
        with pytest.raises(UsageError, match="surrogate"):
            hub.emit(event, data, room=room)
    with pytest.raises(UsageError, match="surrogate"):
        hub.emit("a", 1, client="\ud800")
    with pytest.raises(UsageError, match="surrogate"):
        ada.connection.join("h:\udcff")
    with pytest.raises(UsageError):
        hub.emit("a", msgspec.Raw(b"nope"), room="news")
    assert ada.connection.rooms == ("news",)
    assert ada.ask("socket.history", {"room": "news"})["offset"] == before
