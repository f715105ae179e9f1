"""
Names, ids and texts with half a surrogate pair: refused before anything is changed, wherever an author passes them.
"""

from collections.abc import Callable
from typing import Any

import pytest

from ratchet_tx import Hub, RoomPolicy, UsageError, on
from tests.kit.fakes import FakeProvider, Peer, logged, startedHub, succeeded

BAD = ("a\ud800", "h:\udcff", "\udc00\ud800", "ü\ud83d")

CALLS: dict[str, Callable[[Hub, Any, str], Any]] = {
    "an event in a room": lambda hub, _, bad: hub.emit(bad, 1, room="news"),
    "an event to all": lambda hub, _, bad: hub.emit(bad),
    "data": lambda hub, _, bad: hub.emit("item", {"x": [bad]}, room="news"),
    "a room": lambda hub, _, bad: hub.emit("item", room=bad),
    "a client": lambda hub, _, bad: hub.emit("item", client=bad),
    "members": lambda hub, _, bad: hub.members(bad),
    "leave": lambda hub, _, bad: hub.leave("ada", bad),
    "a client's leave": lambda hub, _, bad: hub.leave(bad, "news"),
    "disconnect": lambda hub, _, bad: hub.disconnect(bad),
    "emit": lambda _, connection, bad: connection.emit(bad),
    "emitted data": lambda _, connection, bad: connection.emit("x", bad),
    "broadcast": lambda _, connection, bad: connection.broadcast(bad),
    "a room's broadcast": lambda _, connection, bad: connection.broadcast("x", room=bad),
    "ask": lambda _, connection, bad: connection.ask(bad),
    "asked data": lambda _, connection, bad: connection.ask("x", {bad: 1}),
    "join": lambda _, connection, bad: connection.join(bad),
    "a connection's leave": lambda _, connection, bad: connection.leave(bad),
    "a reason": lambda _, connection, bad: connection.close(1000, bad),
    "registered rooms": lambda hub, _, bad: hub.applications.registerRooms(bad, RoomPolicy()),
    "a registered event": lambda hub, _, bad: hub.applications.registerEvent(bad, whenSlow="drop"),
}


@pytest.mark.parametrize("bad", BAD, ids=ascii)
@pytest.mark.parametrize("call", CALLS)
def test_nothingIsChanged(call: str, bad: str) -> None:
    """The call raises, and nothing has changed: no offset is used, no room has a member, nothing is sent."""
    hub = startedHub(clientProvider=FakeProvider(a="ada"))
    hub.applications.registerRooms("news", RoomPolicy(10, 60))
    ada = Peer(hub)
    ada.logIn("a", v=2)
    ada.connection.join("news")
    assert succeeded(hub.emit("item", room="news")).offset == 1
    ada.read()
    with pytest.raises(UsageError, match="surrogate") as raised:
        CALLS[call](hub, ada.connection, bad)
    str(raised.value).encode()
    assert (ada.read(), ada.connection.rooms, ada.transport.closedWith) == ([], ("news",), None)
    assert succeeded(hub.emit("item", room="news")).offset == 2
    assert [event["offset"] for event in ada.ask("socket.history", {"room": "news"})["events"]] == [1, 2]


@pytest.mark.parametrize("bad", BAD, ids=ascii)
def test_applications(bad: str) -> None:
    """No application can have an event with such a name."""
    with pytest.raises(UsageError, match="surrogate"):
        on(bad)


@pytest.mark.parametrize("bad", BAD, ids=ascii)
def test_ids(bad: str) -> None:
    """A client whose id can't be sent is refused for now, and the log says why."""
    hub = startedHub(clientProvider=FakeProvider(a=bad))
    peer = Peer(hub)
    with logged() as lines:
        peer.logIn("a", v=2)
    (failure,) = peer.read()
    assert (failure["data"]["code"], failure["data"]["retry"]) == ("auth.unavailable", True)
    assert any("lone surrogates" in line for line in lines)
    assert peer.connection.client is None
