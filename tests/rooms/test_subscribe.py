"""
Subscribing to rooms, alone or several at once, and unsubscribing.
"""

from typing import Any

import pytest

from ratchet_tx import Hub, RoomPolicy, on
from ratchet_tx.backplane.memory import MemoryBackplane
from tests.kit.fakes import LateBackplane, Peer, clockOf, logged, override
from tests.kit.roomhub import LARGE, Joins, arrive, live, past, publish, roomHub


class CountingBackplane(MemoryBackplane):
    """
    One that counts.

    @ivar given: how many events it gave, each time that it was asked
    """

    def __init__(self) -> None:
        super().__init__()
        self.given: list[int] = []

    def read(self, room: str, since: Any, limit: int, keep: Any = None) -> Any:
        found = super().read(room, since, limit, keep)
        self.given.append(len(found[2]))
        return found


class TestSubscribing:
    def test_withoutAHistory(self) -> None:
        """Who subscribes to a room is told what is sent to it, and no position, as the room has none."""
        hub = roomHub()
        ada = arrive(hub)
        assert ada.ask("socket.subscribe", {"room": "lobby"}) == {"room": "lobby", "recoverable": False}
        hub.emit("x", 1, room="lobby")
        assert ada.read() == [{"event": "x", "data": 1, "room": "lobby"}]
        assert ada.connection.rooms == ("lobby",)

    def test_withAHistory(self) -> None:
        """Who subscribes to a room with a history is told where he comes in, and then what comes after it."""
        hub = roomHub()
        ada = arrive(hub)
        epoch = publish(hub, "a", "b")
        subscribed = ada.ask("socket.subscribe", {"room": "news"})
        assert subscribed == {"room": "news", "epoch": epoch, "offset": 2, "recoverable": True}
        publish(hub, "c")
        assert ada.read() == [live("c", 3)]

    def test_nothingWasEverPublished(self) -> None:
        """There is a position before anything was published, from which one recovers what was published first."""
        hub = roomHub()
        ada = arrive(hub)
        subscribed = ada.ask("socket.subscribe", {"room": "news"})
        assert subscribed["offset"] == 0
        ada.leave(1006, "", clean=False)
        publish(hub, "a")
        again = arrive(hub).ask("socket.subscribe", {"room": "news", "recover": {"epoch": subscribed["epoch"], "offset": 0}})
        assert (again["recovered"], again["events"]) == (True, [past("a", 1)])

    def test_withoutAnId(self) -> None:
        """Who wants no reply is let in without one."""
        hub = roomHub()
        ada = arrive(hub)
        ada.emit("socket.subscribe", {"room": "lobby"})
        assert (ada.read(), ada.connection.rooms) == ([], ("lobby",))

    def test_twice(self) -> None:
        """Subscribing to where one is says the position anew."""
        hub = roomHub()
        ada = arrive(hub)
        first = ada.ask("socket.subscribe", {"room": "news"})
        publish(hub, "a")
        ada.read()
        assert ada.ask("socket.subscribe", {"room": "news"}) == {**first, "offset": 1}
        assert ada.connection.rooms == ("news",)

    @pytest.mark.parametrize("room", ["secret", "user:bob", "Lobby"])
    def test_denied(self, room: str) -> None:
        """Where no policy lets one in one isn't, and coming again is no use."""
        ada = arrive(roomHub())
        error = ada.ask("socket.subscribe", {"room": room})
        assert (error["code"], error["retry"]) == ("room.denied", False)
        assert ada.connection.rooms == ()

    def test_policiesDecide(self) -> None:
        """Whom a policy lets in is in."""
        ada = arrive(roomHub())
        assert ada.ask("socket.subscribe", {"room": "user:ada"})["room"] == "user:ada"

    def test_strangers(self) -> None:
        """A stranger has to log in first, whatever he asks of rooms."""
        stranger = Peer(roomHub())
        for event in ("socket.subscribe", "socket.unsubscribe", "socket.history"):
            assert stranger.ask(event, {"room": "lobby"})["code"] == "auth.required"

    def test_limit(self) -> None:
        """A connection may be in so many rooms."""
        ada = arrive(roomHub(limits={"rooms": 2}))
        for room in ("room-1", "room-2"):
            ada.ask("socket.subscribe", {"room": room})
        error = ada.ask("socket.subscribe", {"room": "room-3"})
        assert (error["code"], error["retry"]) == ("room.limit", False)
        assert ada.ask("socket.subscribe", {"room": "room-2"})["room"] == "room-2"
        assert ada.connection.rooms == ("room-1", "room-2")

    @pytest.mark.parametrize(
        ("data", "path"),
        [
            (None, "$.data"),
            ("lobby", "$.data"),
            ({}, "$.data"),
            ({"room": ""}, "$.data.room"),
            ({"room": "x" * 129}, "$.data.room"),
            ({"room": 7}, "$.data.room"),
            ({"room": "news", "recover": {"epoch": "k"}}, "$.data.recover"),
            ({"room": "news", "recover": {"epoch": "k", "offset": -1}}, "$.data.recover.offset"),
            ({"room": "news", "recover": {"epoch": "k", "offset": 2**53}}, "$.data.recover.offset"),
            ({"room": "news", "recover": {"epoch": 7, "offset": 1}}, "$.data.recover.epoch"),
            ({"rooms": []}, "$.data.rooms"),
            ({"rooms": ["lobby"]}, "$.data.rooms[0]"),
            ({"rooms": [{"room": "lobby"}, {"room": ""}]}, "$.data.rooms[1].room"),
            ({"rooms": [{"room": "lobby"}, {"room": "lobby"}]}, "$.data.rooms"),
        ],
    )
    def test_misshapen(self, data: Any, path: str) -> None:
        """What isn't a request is refused, with the place of the fault."""
        ada = arrive(roomHub())
        error = ada.ask("socket.subscribe", data)
        assert (error["code"], error["path"]) == ("payload.invalid", path)
        assert ada.connection.rooms == ()


class TestSeveral:
    def test_inOrder(self) -> None:
        """Several rooms in one request are answered in one reply, in the same order, each for itself."""
        hub = roomHub()
        ada = arrive(hub)
        epoch = publish(hub, "a", "b")
        wanted = [{"room": "news", "recover": {"epoch": epoch, "offset": 1}}, {"room": "secret"}, {"room": "lobby"}]
        news, secret, lobby = ada.ask("socket.subscribe", {"rooms": wanted})
        assert news == {"room": "news", "epoch": epoch, "offset": 2, "recovered": True, "events": [past("b", 2)]}
        assert secret["room"] == "secret"
        assert (secret["error"]["code"], secret["error"]["retry"]) == ("room.denied", False)
        assert lobby == {"room": "lobby", "recoverable": False}
        assert ada.connection.rooms == ("news", "lobby")
        assert hub.counters.refused["room.denied"] == 1

    def test_askedAtOnce(self) -> None:
        """Policies are asked for all of them at once, and the reply waits for the last answer."""
        joins = Joins()
        hub = roomHub()
        hub.applications.registerRooms("slow-*", RoomPolicy(mayJoin=joins))
        ada = arrive(hub)
        ada.emit("socket.subscribe", {"rooms": [{"room": "slow-1"}, {"room": "slow-2"}]}, id=1)
        assert len(joins.asked) == 2
        joins.asked[1].callback(True)
        assert ada.read() == []
        joins.asked[0].callback(False)
        [reply] = ada.read()
        assert [("error" in each, each["room"]) for each in reply["data"]["result"]] == [(True, "slow-1"), (False, "slow-2")]

    def test_takenOutMeanwhile(self) -> None:
        """Who is taken out of a room while others of the same request are waited for isn't told that he is in."""
        joins = Joins()
        hub = roomHub()
        hub.applications.registerRooms("slow", RoomPolicy(mayJoin=joins))
        ada, bob = arrive(hub), arrive(hub, "b")
        bob.ask("socket.subscribe", {"room": "cafe", "presence": True})
        ada.emit("socket.subscribe", {"rooms": [{"room": "cafe", "presence": True}, {"room": "slow"}]}, id=1)
        assert ada.connection.rooms == ("cafe",)
        hub.leave("ada", "cafe")
        joins.asked[0].callback(True)
        [reply] = ada.read()
        cafe, slow = reply["data"]["result"]
        assert (cafe["room"], cafe["error"]["code"]) == ("cafe", "room.denied")
        assert slow == {"room": "slow", "recoverable": False}
        assert ada.connection.rooms == ("slow",)
        assert [frame["event"] for frame in bob.read()] == ["socket.presence.state"]

    def test_tooMany(self) -> None:
        """One request is for no more rooms than a connection may be in."""
        ada = arrive(roomHub(limits={"rooms": 2}))
        assert ada.ask("socket.subscribe", {"rooms": [{"room": f"room-{i}"} for i in range(3)]})["code"] == "room.limit"
        assert ada.connection.rooms == ()

    def test_replaysTogether(self) -> None:
        """Each room's replay is within C{replayBytes} by itself, however many rooms are in one request."""
        hub = roomHub(limits={"replayBytes": 1500})
        rooms = ["news-1", "news-2", "news-3"]
        epochs = {room: publish(hub, LARGE, room=room) for room in rooms}
        publish(hub, LARGE, room="news-2")
        results = self.recoverAll(arrive(hub), epochs)
        assert [(each["recovered"], len(each["events"])) for each in results] == [(True, 1), (False, 0), (True, 1)]

    def recoverAll(self, peer: Peer, epochs: dict[str, str]) -> Any:
        wanted = [{"room": room, "recover": {"epoch": epoch, "offset": 0}} for room, epoch in epochs.items()]
        return peer.ask("socket.subscribe", {"rooms": wanted})

    def test_later(self) -> None:
        """Rooms whose replay doesn't fit into the reply any more are to be asked for again; one isn't in them until then."""
        hub = roomHub(limits={"sendQueueBytes": 2500})
        rooms = ["news-1", "news-2", "news-3", "news-4"]
        epochs = {room: publish(hub, "x" if room == "news-4" else LARGE, room=room) for room in rooms}
        ada = arrive(hub)
        one, two, three, four = self.recoverAll(ada, epochs)
        assert [each["recovered"] for each in (one, two, four)] == [True] * 3
        assert (three["room"], three["error"]["code"], three["error"]["retry"]) == ("news-3", "replay.later", True)
        assert ada.connection.rooms == ("news-1", "news-2", "news-4")
        assert hub.counters.refused["replay.later"] == 1
        publish(hub, "y", room="news-3")
        assert ada.read() == []
        [again] = self.recoverAll(ada, {"news-3": epochs["news-3"]})
        assert (again["recovered"], len(again["events"])) == (True, 2)

    def test_laterWhereOneIs(self) -> None:
        """Who was in such a room before isn't any more, and nobody shows them there."""
        hub = roomHub(limits={"sendQueueBytes": 2500})
        epochs = {room: publish(hub, LARGE, LARGE, room=room) for room in ("news", "club")}
        ada, bob = arrive(hub), arrive(hub, "b")
        for peer in (ada, bob):
            peer.ask("socket.subscribe", {"room": "club", "presence": True})
        bob.read()
        _, club = self.recoverAll(ada, epochs)
        assert club["error"]["code"] == "replay.later"
        assert ada.connection.rooms == ("news",)
        assert bob.read()[0]["data"]["leaves"].keys() == {"ada"}

    def test_neverLater(self) -> None:
        """What no reply has room for isn't asked for again and again: it isn't recovered."""
        hub = roomHub(limits={"sendQueueBytes": 2500})
        epochs = {room: publish(hub, LARGE, LARGE, LARGE, room=room) for room in ("news-1", "news-2")}
        assert [each["recovered"] for each in self.recoverAll(arrive(hub), epochs)] == [False, False]

    def test_manyRoomsFromOneEmptyReply(self) -> None:
        """Who asks for what is to come later until nothing is left gets all of it."""
        hub = roomHub(limits={"sendQueueBytes": 4000, "rooms": 50})
        epochs = {f"news-{number}": publish(hub, LARGE, room=f"news-{number}") for number in range(20)}
        ada = arrive(hub)
        left, rounds = dict(epochs), 0
        while left:
            rounds += 1
            for each in self.recoverAll(ada, left):
                if "error" not in each:
                    assert (each["recovered"], len(each["events"])) == (True, 1)
                    del left[each["room"]]
            assert rounds < 10
        assert len(ada.connection.rooms) == 20


class TestPrice:
    def test_theFirstAreFree(self) -> None:
        """After a login as many rooms as one may be in are subscribed to for nothing, be it after ever so many events."""
        hub = roomHub(limits={"rooms": 5, "eventsPerSecond": 1, "eventsBurst": 3})
        ada = arrive(hub)
        for i in range(5):
            assert ada.ask("socket.subscribe", {"room": f"room-{i}"})["room"] == f"room-{i}"
        assert ada.ask("socket.subscribe", {"room": "lobby"})["code"] == "room.limit"
        assert ada.ask("socket.subscribe", {"room": "lobby"})["code"] == "room.limit"
        error = ada.ask("socket.subscribe", {"room": "lobby"})
        assert (error["code"], error["retry"], error["after"] > 0) == ("rate.limited", True, True)

    def test_eachRoomCounts(self) -> None:
        """A request for several rooms counts as often as it has rooms, so that nobody asks a policy for nothing."""
        hub = roomHub(limits={"rooms": 3, "eventsPerSecond": 1, "eventsBurst": 4})
        ada = arrive(hub)
        wanted = {"rooms": [{"room": f"room-{i}"} for i in range(3)]}
        assert len(ada.ask("socket.subscribe", wanted)) == 3
        assert len(ada.ask("socket.subscribe", wanted)) == 3
        assert ada.ask("socket.subscribe", wanted)["code"] == "rate.limited"


class TestHolding:
    @pytest.fixture
    def backplane(self) -> LateBackplane:
        return LateBackplane()

    @pytest.fixture
    def hub(self, backplane: LateBackplane) -> Hub:
        return roomHub(backplane=backplane, limits={"handlerSeconds": 5, "sendQueueBytes": 3000})

    def subscribe(self, peer: Peer, **wanted: Any) -> None:
        peer.emit("socket.subscribe", {"room": "news", **wanted}, id=1)

    def test_theReplyComesFirst(self, hub: Hub, backplane: LateBackplane) -> None:
        """What is published while the position is asked for comes after the reply, if the reply doesn't tell it."""
        ada, bob = arrive(hub), arrive(hub, "b")
        bob.connection.join("news")
        epoch = publish(hub, "a")
        self.subscribe(ada, recover={"epoch": epoch, "offset": 0})
        publish(hub, "b")
        backplane.answer()
        publish(hub, "c")
        reply, *frames = ada.read()
        assert reply["data"]["result"]["events"] == [past("a", 1), past("b", 2)]
        assert frames == [live("c", 3)]
        assert bob.read() == [live("a", 1), live("b", 2), live("c", 3)]

    def test_largeHistory(self) -> None:
        """Who missed very much of a large history costs no more reading than could be sent."""
        backplane = CountingBackplane()
        hub = roomHub(backplane=backplane, limits={"replayBytes": 4200})
        hub.applications.registerRooms("log", RoomPolicy(historySize=10_000, historySeconds=60))
        epoch = publish(hub, *range(1000), room="log")
        ada = arrive(hub)
        self.subscribe(ada, room="log", recover={"epoch": epoch, "offset": 0})
        assert ada.read()[0]["data"]["result"] | {"epoch": None} == {
            "room": "log",
            "epoch": None,
            "offset": 1000,
            "recovered": False,
            "events": [],
        }
        assert backplane.given == [101]
        self.subscribe(ada, room="log", recover={"epoch": epoch, "offset": 940})
        assert len(ada.read()[0]["data"]["result"]["events"]) == 60

    def test_noLimit(self, backplane: LateBackplane) -> None:
        """With no limit for what waits for a peer anything is held."""
        hub = roomHub(backplane=backplane, limits={"sendQueueBytes": 0, "replayBytes": 0})
        ada = arrive(hub)
        self.subscribe(ada)
        backplane.questions[0].find()
        publish(hub, *[LARGE] * 10)
        backplane.answer()
        assert len(ada.read()) == 11

    def test_whatTheReplyDoesNotTell(self, hub: Hub, backplane: LateBackplane) -> None:
        """What was published after the position was found is held until the reply, and comes then."""
        ada = arrive(hub)
        epoch = publish(hub, "a")
        self.subscribe(ada, recover={"epoch": epoch, "offset": 0})
        backplane.questions[0].find()
        publish(hub, "b", "c")
        assert ada.read() == []
        backplane.answer()
        reply, *frames = ada.read()
        assert (reply["data"]["result"]["recovered"], reply["data"]["result"]["offset"]) == (True, 1)
        assert frames == [live("b", 2), live("c", 3)]

    def test_alsoWhereOneIsAlready(self, hub: Hub, backplane: LateBackplane) -> None:
        """Who asks again where he is gets the live events of that time after the reply, too, and those of others at once."""
        ada = arrive(hub)
        ada.connection.join("news")
        ada.connection.join("lobby")
        self.subscribe(ada)
        publish(hub, "a")
        hub.emit("x", room="lobby")
        assert [frame["event"] for frame in ada.read()] == ["x"]
        backplane.answer()
        assert [frame["event"] for frame in ada.read()] == ["socket.reply"]

    def test_overflow(self, hub: Hub, backplane: LateBackplane) -> None:
        """Where more is held than may wait for a peer, he comes in after it, and isn't told that he missed nothing."""
        ada = arrive(hub, version=2)
        epoch = publish(hub, "a")
        self.subscribe(ada, recover={"epoch": epoch, "offset": 0})
        backplane.questions[0].find()
        publish(hub, LARGE, LARGE, LARGE, "e")
        backplane.answer()
        publish(hub, "f")
        reply, resync, frame = ada.read()
        result = reply["data"]["result"]
        assert (result["recovered"], result["events"], result["offset"]) == (False, [], 5)
        assert resync == {"event": "socket.resync", "data": {"room": "news", "reason": "overflow"}}
        assert frame == live("f", 6)

    def test_overflowOfTheFirstVersion(self, hub: Hub, backplane: LateBackplane) -> None:
        """Who didn't say that he knows C{socket.resync} isn't sent it."""
        ada = arrive(hub)
        self.subscribe(ada)
        publish(hub, LARGE, LARGE, LARGE)
        backplane.answer()
        assert [frame["event"] for frame in ada.read()] == ["socket.reply"]

    def test_overflowWithoutAHistory(self) -> None:
        """In a room without a history what is dropped is lost, and said to be."""
        joins = Joins()
        hub = roomHub(limits={"sendQueueBytes": 1000})
        hub.applications.registerRooms("slow", RoomPolicy(mayJoin=joins))
        ada = arrive(hub, version=2)
        ada.connection.join("slow")
        ada.read()
        ada.emit("socket.subscribe", {"room": "slow"}, id=1)
        hub.emit("x", LARGE, room="slow")
        joins.asked[0].callback(True)
        reply, resync = ada.read()
        assert (reply["data"]["ok"], resync["event"]) == (True, "socket.resync")

    def test_aPeerThatIsSlowAlready(self, hub: Hub, backplane: LateBackplane) -> None:
        """What is held counts with what waits for the peer anyway: he isn't closed for having subscribed."""
        ada = arrive(hub, version=2)
        epoch = publish(hub, "a")
        self.subscribe(ada, recover={"epoch": epoch, "offset": 0})
        publish(hub, LARGE)
        ada.transport.queuedBytes = 2500
        backplane.answer()
        reply, resync = ada.read()
        assert (reply["data"]["result"]["recovered"], reply["data"]["result"]["offset"]) == (False, 2)
        assert resync["event"] == "socket.resync"

    def test_aReplayForASlowPeer(self, hub: Hub, backplane: LateBackplane) -> None:
        """Neither is he for a replay: it counts with what waits."""
        ada = arrive(hub)
        epoch = publish(hub, LARGE)
        ada.transport.queuedBytes = 2500
        self.subscribe(ada, recover={"epoch": epoch, "offset": 0})
        backplane.answer()
        assert ada.read()[0]["data"]["result"]["recovered"] is False

    def test_whatFails(self, hub: Hub, backplane: LateBackplane) -> None:
        """Where the history can't be read one isn't in the room, and may come again."""
        ada = arrive(hub)
        self.subscribe(ada)
        with logged() as lines:
            clockOf(hub).advance(5)
        assert ada.read()[0]["data"]["error"]["retry"] is True
        assert (ada.connection.rooms, len(lines)) == ((), 1)

    def test_failingWhereOneIs(self, hub: Hub, backplane: LateBackplane) -> None:
        """Who was in the room before stays in it."""
        ada = arrive(hub)
        ada.connection.join("news")
        self.subscribe(ada)
        with logged():
            clockOf(hub).advance(5)
        assert ada.connection.rooms == ("news",)

    def test_leftMeanwhile(self, hub: Hub, backplane: LateBackplane) -> None:
        """Who leaves, or is taken out, while the history is read, is out, and sent nothing of it."""
        ada = arrive(hub, version=2)
        self.subscribe(ada)
        publish(hub, "a")
        ada.connection.leave("news")
        backplane.answer()
        assert [(frame["event"], frame["data"].get("ok")) for frame in ada.read()] == [
            ("socket.unsubscribed", None),
            ("socket.reply", False),
        ]
        assert ada.connection.rooms == ()

    def test_lostMeanwhile(self, hub: Hub, backplane: LateBackplane) -> None:
        """Who is gone while the history is read has left the room, too."""
        ada = arrive(hub)
        self.subscribe(ada)
        ada.leave(1006, "", clean=False)
        assert not backplane.hasMembers("news")
        assert (ada.read(), len(hub.parts.fanout.holdbacks)) == ([], 0)

    def test_aMistakeOfOurs(self, backplane: LateBackplane) -> None:
        """Whatever else goes wrong, every id gets a reply."""
        hub = roomHub(backplane=backplane)
        ada = arrive(hub)

        def joined(connection: Any, room: str) -> None:
            raise RuntimeError("sesame")

        override(hub.parts.broadcast, joined=joined)
        with logged() as lines:
            self.subscribe(ada)
        [reply] = ada.read()
        assert (reply["data"]["error"]["code"], "sesame" in str(reply)) == ("room.denied", False)
        assert any("sesame" in line for line in lines)


class TestUnsubscribing:
    def test_out(self) -> None:
        """Who unsubscribes is sent nothing any more, of that room."""
        hub = roomHub()
        ada = arrive(hub, version=2)
        ada.ask("socket.subscribe", {"rooms": [{"room": "news"}, {"room": "lobby"}]})
        assert ada.ask("socket.unsubscribe", {"room": "news"}) == {"room": "news"}
        publish(hub, "a")
        hub.emit("x", room="lobby")
        assert [frame["event"] for frame in ada.read()] == ["x"]

    def test_whereOneIsNot(self) -> None:
        """Unsubscribing from where one isn't is no error."""
        assert arrive(roomHub()).ask("socket.unsubscribe", {"room": "anything"}) == {"room": "anything"}

    def test_misshapen(self) -> None:
        """What names no room is refused."""
        assert arrive(roomHub()).ask("socket.unsubscribe", {"room": None})["path"] == "$.data.room"


class TestWhatTheServerDoes:
    def test_joined(self) -> None:
        """Whom the server puts into a room without asking anybody is told so, once, if he knows the word."""
        hub = roomHub()
        new, old = arrive(hub, version=2), arrive(hub)
        for peer in (new, old):
            peer.connection.join("secret")
            peer.connection.join("secret")
        assert (new.read(), old.read()) == ([{"event": "socket.subscribed", "data": {"room": "secret"}}], [])

    def test_takenOut(self) -> None:
        """Whom the server takes out is told so, on every connection of his, if he knows the word."""
        hub = roomHub()
        new, old = arrive(hub, version=2), arrive(hub)
        for peer in (new, old):
            peer.ask("socket.subscribe", {"room": "lobby"})
        hub.leave("ada", "lobby")
        hub.leave("ada", "lobby")
        taken = {"event": "socket.unsubscribed", "data": {"room": "lobby", "code": "room.denied"}}
        assert (new.read(), old.read()) == ([taken], [])
        assert (new.connection.rooms, old.connection.rooms) == ((), ())

    def test_byAHandler(self) -> None:
        """A handler puts its peer into rooms and takes it out of them."""

        class Doors:
            @on("come")
            def come(self, event: Any) -> None:
                event.connection.join("secret")

            @on("go")
            def go(self, event: Any) -> None:
                event.connection.leave("secret")

        ada = arrive(roomHub(Doors()), version=2)
        ada.emit("come")
        ada.emit("go")
        assert [frame["event"] for frame in ada.read()] == ["socket.subscribed", "socket.unsubscribed"]
