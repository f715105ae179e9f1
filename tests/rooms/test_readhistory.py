"""
Reading the histories of rooms.
"""

from typing import Any

import pytest

from ratchet_tx import RoomPolicy
from tests.kit.fakes import LateBackplane, Peer, clockOf, logged
from tests.kit.roomhub import LARGE, Joins, arrive, past, publish, roomHub


class TestHistory:
    def ask(self, peer: Peer, **wanted: Any) -> Any:
        return peer.ask("socket.history", {"room": "news", **wanted})

    def test_all(self) -> None:
        """One reads what was published, whether or not one is in the room, and where the room is."""
        hub = roomHub()
        epoch = publish(hub, "a", "b")
        events = [past("a", 1), past("b", 2)]
        expected = {"room": "news", "epoch": epoch, "offset": 2, "events": events, "more": False}
        ada = arrive(hub)
        assert self.ask(ada) == expected
        assert ada.connection.rooms == ()
        ada.connection.join("news")
        assert self.ask(ada) == expected

    def test_nothing(self) -> None:
        """A room to which nothing was published has nothing to read, and no more."""
        page = self.ask(arrive(roomHub()))
        assert (page["offset"], page["events"], page["more"]) == (0, [], False)

    def test_pages(self) -> None:
        """One reads from a position on, so many events at once, and is told whether there are more."""
        hub = roomHub()
        epoch = publish(hub, *"abcd")
        ada = arrive(hub)
        page = self.ask(ada, since={"epoch": epoch, "offset": 1}, limit=2)
        assert (page["offset"], page["events"], page["more"]) == (4, [past("b", 2), past("c", 3)], True)
        page = self.ask(ada, since={"epoch": epoch, "offset": 3}, limit=2)
        assert (page["events"], page["more"]) == ([past("d", 4)], False)

    def test_aHundredAtOnce(self) -> None:
        """No page has more than a hundred events."""
        hub = roomHub()
        hub.applications.registerRooms("news-long", RoomPolicy(1000, 60))
        publish(hub, *range(150), room="news-long")
        page = arrive(hub).ask("socket.history", {"room": "news-long", "limit": 10**9})
        assert ([event["data"] for event in page["events"]], page["more"]) == (list(range(100)), True)

    def test_notTooMuchAtOnce(self) -> None:
        """A page is within C{replayBytes}, but for a single event that is larger: else one would never get on."""
        for limit, count in ((2500, 2), (500, 1), (0, 3)):
            hub = roomHub(limits={"replayBytes": limit})
            publish(hub, LARGE, LARGE, LARGE)
            page = self.ask(arrive(hub))
            assert (len(page["events"]), page["more"]) == (count, count < 3)

    def test_anotherEpoch(self) -> None:
        """From a position of another life of the room one reads all that there is, and the epoch says that it is another."""
        hub = roomHub()
        epoch = publish(hub, "a", "b")
        page = self.ask(arrive(hub), since={"epoch": "another", "offset": 1})
        assert (page["epoch"], page["events"]) == (epoch, [past("a", 1), past("b", 2)])

    def test_withoutAHistory(self) -> None:
        """A room without a history has nothing to read, and no position."""
        page = arrive(roomHub()).ask("socket.history", {"room": "lobby"})
        assert page == {"room": "lobby", "events": [], "more": False}

    def test_denied(self) -> None:
        """Who may not be in a room may not read what was published in it, unless the server put him there."""
        hub = roomHub()
        hub.applications.registerRooms("closed", RoomPolicy(10, 60, mayJoin=lambda *_: False))
        publish(hub, "a", room="closed")
        ada = arrive(hub)
        assert ada.ask("socket.history", {"room": "closed"})["code"] == "room.denied"
        ada.connection.join("closed")
        assert ada.ask("socket.history", {"room": "closed"})["events"] == [past("a", 1)]

    @pytest.mark.parametrize(
        ("wanted", "path"),
        [({"limit": 0}, "$.data.limit"), ({"limit": "5"}, "$.data.limit"), ({"since": 5}, "$.data.since")],
    )
    def test_misshapen(self, wanted: Any, path: str) -> None:
        """What isn't a request is refused, with the place of the fault."""
        assert self.ask(arrive(roomHub()), **wanted)["path"] == path

    @pytest.mark.parametrize("ends", [False, True])
    def test_goneMeanwhile(self, ends: bool) -> None:
        """Who is gone, or going, before the history is there is told nothing."""
        backplane = LateBackplane()
        ada = arrive(roomHub(backplane=backplane))
        ada.emit("socket.history", {"room": "news"}, id=1)
        if ends:
            ada.leave()
        else:
            ada.connection.close(4000)
            backplane.answer()
        assert ada.read() == []

    @pytest.mark.parametrize("isIn", [False, True])
    def test_takenOutMeanwhile(self, isIn: bool) -> None:
        """Who is taken out of the room while it is decided or read isn't told what was published there; another room is."""
        joins, backplane = Joins(), LateBackplane()
        hub = roomHub(backplane=backplane)
        hub.applications.registerRooms("secret", RoomPolicy(10, 60, mayJoin=joins))
        publish(hub, "a", room="secret")
        for left in ("secret", "lobby"):
            ada = arrive(hub)
            if isIn:
                ada.connection.join("secret")
            ada.emit("socket.history", {"room": "secret"}, id=1)
            if not isIn:
                hub.leave("ada", left)
                joins.asked.pop().callback(True)
            hub.leave("ada", left)
            backplane.answer()
            data = ada.read()[-1]["data"]
            if left == "secret":
                assert data["error"]["code"] == "room.denied"
            else:
                assert data["result"]["events"] == [past("a", 1)]
            assert ada.connection.heldFrames is None

    def test_failing(self) -> None:
        """A history that can't be read just now is a refusal that says "come again"."""
        ada = arrive(hub := roomHub(backplane=LateBackplane(), limits={"handlerSeconds": 5}))
        ada.emit("socket.history", {"room": "news"}, id=1)
        with logged():
            clockOf(hub).advance(5)
        assert ada.read()[0]["data"]["error"]["retry"] is True
