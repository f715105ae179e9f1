"""
The chat's rooms over the documented JSON: the list, who may send to them, and when they close.
"""

import time
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from tests.kit.contracts import PeriodicTimerContract, RoomPolicyContract
from tests.whole.browser.conftest import Join, Socket, moduleOf

rooms = moduleOf("rooms")


@pytest.fixture
def enter(join: Join) -> Any:
    """
    Logs users in on a socket each, and opens a room for them.
    """

    def enter(name: str, room: str = "Lobby", **options: Any) -> tuple[Socket, Any]:
        socket, token = join(name)
        socket.send(event="socket.auth.request", data={"token": token})
        socket.readUntil("chat.here")
        opened = ask(socket, "chat.open", room)["result"]
        assert ask(socket, "socket.subscribe", {"room": f"chat:{opened['room']}", **options})["ok"]
        return socket, opened

    return enter


def ask(socket: Socket, event: str, data: Any) -> Any:
    socket.send(event=event, data=data, id=1)
    return socket.readUntil("socket.reply")[-1]["data"]


def said(socket: Socket) -> Any:
    return socket.readUntil("chat.said")[-1]


def test_sayInARoom(enter: Any) -> None:
    """A message to a room reaches its members, with its sender and time, and is kept."""
    (ada, opened), (grace, _) = enter("Ada", "Tea"), enter("Grace", "tea")
    before = int(time.time())
    position = ask(ada, "chat.say", {"room": "Tea", "text": "  hi  "})["result"]
    line = said(grace)
    assert (line["room"], line["offset"]) == ("chat:Tea", 1)
    assert line["data"].pop("at") in range(before, int(time.time()) + 1)
    assert line["data"] == {"from": opened["you"], "text": "hi"}
    assert opened["you"].startswith("Ada#")
    kept = ask(grace, "socket.history", {"room": "chat:Tea"})["result"]
    assert {"epoch": kept["epoch"], "offset": kept["offset"]} == position
    assert [event["data"]["text"] for event in kept["events"]] == ["hi"]


def test_otherRooms(enter: Any) -> None:
    """A user in another room gets nothing of a room, and can't send to it."""
    (ada, _), (grace, _) = enter("Ada", "Tea"), enter("Grace")
    ask(ada, "chat.say", {"room": "Tea", "text": "in Tea"})
    assert ask(grace, "chat.say", {"room": "Tea", "text": "hi"})["error"]["code"] == "chat.outside"
    ask(grace, "chat.say", {"room": "Lobby", "text": "in the lobby"})
    grace.send(event="chat.say", data={"room": "Lobby", "text": "again"})
    assert said(grace)["data"]["text"] == "again"


@pytest.mark.parametrize(
    "data",
    [
        None,
        "hi",
        ["Lobby", "hi"],
        {},
        {"room": "Lobby"},
        {"room": "Lobby", "text": "  "},
        {"room": "Lobby", "text": "x" * 501},
    ],
)
def test_badMessages(enter: Any, data: Any) -> None:
    """A message without a room, or without a text of 1 to 500 characters, is refused."""
    ada, _ = enter("Ada")
    assert ask(ada, "chat.say", data)["error"]["code"] == "chat.invalid"


@pytest.mark.parametrize("data", [None, 7, "", "   ", "x" * 25, "\u200b", ["Tea"]])
def test_badRoomNames(enter: Any, data: Any) -> None:
    """A room's name has the rules of a user's: an invisible or too long one is refused."""
    ada, _ = enter("Ada")
    error = ask(ada, "chat.open", data)["error"]
    assert (error["code"], error["message"]) == ("chat.refused", "Please choose a name of 1 to 24 visible characters.")


def test_unopened(enter: Any) -> None:
    """A room that was never opened can't be entered."""
    ada, _ = enter("Ada")
    for room in ("chat:Tea", "chat:", "Lobby", "Tea"):
        assert ask(ada, "socket.subscribe", {"room": room})["error"]["code"] == "room.denied"


def test_told(enter: Any) -> None:
    """Every user is told the list of rooms when a room is opened, and not when an existing one is found."""
    (ada, opened), (grace, _) = enter("Ada"), enter("Grace")
    assert opened["rooms"] == ["Lobby"]
    assert ask(grace, "chat.open", "  tea ")["result"]["rooms"] == ["Lobby", "tea"]
    assert ada.readUntil("chat.rooms")[-1]["data"] == ["Lobby", "tea"]
    assert ask(grace, "chat.open", "TEA")["result"]["room"] == "tea"
    ada.send(event="socket.ping", id=2)
    assert [frame["event"] for frame in ada.readUntil("socket.reply")] == ["socket.reply"]


def test_originalInTheLobby(enter: Any, join: Join) -> None:
    """A client that knows no rooms, such as the original's, sends to the lobby and gets its messages."""
    original, token = join("Ada")
    original.send(event="socket.auth.request", data=token)
    original.readUntil("chat.here")
    grace, _ = enter("Grace")
    original.readUntil("chat.joined")
    ask(grace, "chat.say", {"room": "Lobby", "text": "hi"})
    assert original.read() == {"event": "chat.message", "data": {"client": {"username": "Grace"}, "message": "hi"}}
    original.send(event="chat.send", data="ho")
    assert original.read()["event"] == "chat.message.sent"
    line = said(grace)
    assert line["data"]["from"].startswith("Ada#")
    assert line["data"]["text"] == "ho"


class TestPolicy(RoomPolicyContract):
    def make(self) -> Any:
        return rooms.Rooms().policy


class TestRooms:
    def test_order(self) -> None:
        """The lobby comes first, and the others are sorted by name."""
        everything = rooms.Rooms()
        for name in ("tea", "Zoo", "Art"):
            everything.open(name)
        assert everything.names() == ["Lobby", "Art", "tea", "Zoo"]

    def test_sameLook(self) -> None:
        """Names that look the same are one room, which keeps the first name."""
        everything = rooms.Rooms()
        assert [everything.open(name) for name in ("Zoë", "ZOË ", "Zoe\u0308")] == ["Zoë"] * 3
        assert everything.open("lobby") == "Lobby"

    def test_tooMany(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The number of rooms is limited; existing rooms can still be used."""
        monkeypatch.setitem(rooms.Rooms.open.__globals__, "MOST_ROOMS", 2)
        everything = rooms.Rooms()
        everything.open("Tea")
        with pytest.raises(rooms.NameRefused, match="too many rooms"):
            everything.open("Art")
        assert everything.open("tea") == "Tea"


class TestClosing(PeriodicTimerContract):
    def make(self) -> Any:
        return rooms.Closing(None, rooms.Rooms())

    def test_closing(self) -> None:
        """A room that hasn't been used for long is closed, unless it is the lobby or has members."""
        clock = Clock()
        everything = rooms.Rooms(clock.seconds)
        told: list[Any] = []
        hub = SimpleNamespace(
            members=lambda room: succeed({"ada": {}} if room == "chat:Tea" else {}),
            emit=lambda event, data: told.append((event, data)),
        )
        closing = rooms.Closing(hub, everything)
        for name in ("Art", "Tea", "Zoo"):
            everything.open(name)
        clock.advance(rooms.KEPT_SECONDS - 1)
        everything.use("Zoo")
        Deferred.fromCoroutine(closing.callback())
        assert everything.names() == ["Lobby", "Art", "Tea", "Zoo"]
        assert told == []
        clock.advance(1)
        Deferred.fromCoroutine(closing.callback())
        assert everything.names() == ["Lobby", "Tea", "Zoo"]
        assert told == [("chat.rooms", ["Lobby", "Tea", "Zoo"])]
        assert "chat:Art" not in everything
