"""
What was missed in a room, or published there last.
"""

from typing import Any, cast

import pytest

from ratchet_tx import Hub
from ratchet_tx.backplane.memory import MemoryBackplane
from tests.kit.fakes import LateBackplane, clockOf, override
from tests.kit.roomhub import LARGE, arrive, live, past, publish, roomHub


class TestRecovering:
    def recover(self, hub: Hub, epoch: str, offset: int) -> Any:
        return arrive(hub).ask("socket.subscribe", {"room": "news", "recover": {"epoch": epoch, "offset": offset}})

    def test_everythingIsThere(self) -> None:
        """What was missed is replayed in order, with its numbers, and then what is live goes on from there."""
        hub = roomHub()
        epoch = publish(hub, "a", "b", "c")
        ada = arrive(hub)
        recovered = ada.ask("socket.subscribe", {"room": "news", "recover": {"epoch": epoch, "offset": 1}})
        events = [past("b", 2), past("c", 3)]
        assert recovered == {"room": "news", "epoch": epoch, "offset": 3, "recovered": True, "events": events}
        publish(hub, "d")
        assert ada.read() == [live("d", 4)]

    def test_nothingWasMissed(self) -> None:
        """Who missed nothing has recovered, with nothing to be told."""
        hub = roomHub()
        epoch = publish(hub, "a")
        recovered = self.recover(hub, epoch, 1)
        assert (recovered["recovered"], recovered["events"]) == (True, [])

    @pytest.mark.parametrize("offset", [0, 1])
    def test_tooOld(self, offset: int) -> None:
        """A position of which too much has been forgotten isn't recovered, and not in part either."""
        hub = roomHub()
        epoch = publish(hub, *range(12))
        recovered = self.recover(hub, epoch, offset)
        assert recovered == {"room": "news", "epoch": epoch, "offset": 12, "recovered": False, "events": []}

    def test_forgottenByAge(self) -> None:
        """Neither is one after which something was forgotten because of its age."""
        hub = roomHub()
        epoch = publish(hub, "a", "b")
        clockOf(hub).advance(59)
        publish(hub, "c")
        clockOf(hub).advance(1)
        assert self.recover(hub, epoch, 1)["recovered"] is False
        assert self.recover(hub, epoch, 2)["events"] == [past("c", 3)]

    def test_anotherEpoch(self) -> None:
        """A position of another life of the room isn't recovered."""
        hub = roomHub()
        publish(hub, "a", "b")
        recovered = self.recover(hub, "another", 1)
        assert (recovered["recovered"], recovered["events"]) == (False, [])

    def test_stillToCome(self) -> None:
        """Neither is one that there hasn't been yet."""
        hub = roomHub()
        epoch = publish(hub, "a", "b")
        assert self.recover(hub, epoch, 3)["recovered"] is False

    def test_tooMuch(self) -> None:
        """What is more than C{replayBytes} isn't replayed, and not in part either; 0 is no limit."""
        for limit, isRecovered in ((2000, False), (2500, True), (0, True)):
            hub = roomHub(limits={"replayBytes": limit})
            epoch = publish(hub, LARGE, LARGE)
            recovered = self.recover(hub, epoch, 0)
            assert (recovered["recovered"], len(recovered["events"])) == (isRecovered, 2 * isRecovered)

    def test_withoutAHistory(self) -> None:
        """In a room without a history nothing is recovered."""
        ada = arrive(roomHub())
        recovered = ada.ask("socket.subscribe", {"room": "lobby", "recover": {"epoch": "k", "offset": 0}})
        assert recovered == {"room": "lobby", "recovered": False, "events": []}

    def test_whileTheOldSocketLingers(self) -> None:
        """One recovers on a new connection also while the old one hasn't been missed yet, and as often as one likes."""
        hub = roomHub()
        old = arrive(hub)
        epoch = old.ask("socket.subscribe", {"room": "news"})["epoch"]
        publish(hub, "a", "b")
        for _ in range(2):
            assert self.recover(hub, epoch, 1)["events"] == [past("b", 2)]
        assert old.read() == [live("a", 1), live("b", 2)]

    def test_theRoomsLifeIsOver(self) -> None:
        """Who comes back after the room's seconds finds another life of it; who comes in time, the same."""
        hub = roomHub()
        for late, isRecovered in ((59, True), (60, False)):
            ada = arrive(hub)
            publish(hub, "a")
            position = ada.ask("socket.subscribe", {"room": "news"})
            ada.leave(1006, "", clean=False)
            clockOf(hub).advance(late)
            again = arrive(hub)
            recover = {key: position[key] for key in ("epoch", "offset")}
            recovered = again.ask("socket.subscribe", {"room": "news", "recover": recover})
            assert (recovered["recovered"], recovered["epoch"] == position["epoch"]) == (isRecovered, isRecovered)
            again.leave()

    def test_beforeTheRoomsLife(self) -> None:
        """Where nothing was published nothing was missed, however long one was away, and asking keeps nothing."""
        hub = roomHub()
        ada = arrive(hub)
        position = ada.ask("socket.subscribe", {"room": "news"})
        ada.leave(1006, "", clean=False)
        clockOf(hub).advance(10_000)
        again = self.recover(hub, position["epoch"], 0)
        assert (again["recovered"], again["events"], again["epoch"]) == (True, [], position["epoch"])
        assert cast(MemoryBackplane, hub.backplane).historyBytes == 0

    def test_farTooOld(self) -> None:
        """A position from before ever so many events costs no more than what the room remembers."""
        hub = roomHub()
        epoch = publish(hub, "a", "b")
        override(cast(Any, hub.backplane)._shared.histories._histories["news"], _offset=2**53 - 1)
        assert self.recover(hub, epoch, 0)["recovered"] is False
        assert self.recover(hub, epoch, 2**53 - 1)["recovered"] is True

    def test_onAnotherNode(self) -> None:
        """One recovers on any node what was published on any node."""
        one = roomHub()
        other = roomHub(backplane=MemoryBackplane(cast(MemoryBackplane, one.backplane)))
        epoch = publish(one, "a")
        publish(other, "b")
        assert self.recover(other, epoch, 0)["events"] == [past("a", 1), past("b", 2)]


class TestHistory:
    def ask(self, hub: Hub, version: int = 1, **wanted: Any) -> Any:
        ada = arrive(hub, version=version)
        result = ada.ask("socket.subscribe", {"room": "news", **wanted})
        return result, ada.read()

    def test_theLast(self) -> None:
        """Who asks for some history gets the last events with the reply, the oldest of them first, and then what is live."""
        hub = roomHub()
        epoch = publish(hub, *"abcde")
        ada = arrive(hub)
        result = ada.ask("socket.subscribe", {"room": "news", "history": 2})
        assert result == {
            "room": "news",
            "epoch": epoch,
            "offset": 5,
            "recoverable": True,
            "events": [past("d", 4), past("e", 5)],
            "more": True,
        }
        publish(hub, "f")
        assert ada.read() == [live("f", 6)]

    @pytest.mark.parametrize(
        ("history", "offsets", "more"), [(1, [3], True), (3, [1, 2, 3], False), (100, [1, 2, 3], False)]
    )
    def test_more(self, history: int, offsets: list[int], more: bool) -> None:
        """It is said whether there are older ones."""
        hub = roomHub()
        publish(hub, *"abc")
        result, _ = self.ask(hub, history=history)
        assert ([event["offset"] for event in result["events"]], result["more"]) == (offsets, more)

    def test_whatIsForgotten(self) -> None:
        """What is forgotten isn't there, and isn't called more."""
        hub = roomHub()
        publish(hub, *range(30))
        result, _ = self.ask(hub, history=100)
        assert ([event["offset"] for event in result["events"]], result["more"]) == ([*range(21, 31)], False)

    def test_nothingThere(self) -> None:
        """Where nothing was published, and where nothing is kept, there is nothing, and no more."""
        for room in ("news", "lobby"):
            result, _ = self.ask(roomHub(), room=room, history=5)
            assert (result["events"], result["more"]) == ([], False)

    def test_theNewestThatFit(self) -> None:
        """Of too many bytes the newest come that fit."""
        for limits in ({"replayBytes": 2500}, {"sendQueueBytes": 2500}):
            hub = roomHub(limits=limits)
            publish(hub, *[LARGE] * 5)
            result, _ = self.ask(hub, history=4)
            assert ([event["offset"] for event in result["events"]], result["more"]) == ([4, 5], True)

    def test_noneFits(self) -> None:
        """Where not even the newest fits, there is none of them, and there are more."""
        hub = roomHub(limits={"replayBytes": 500})
        publish(hub, "a", LARGE)
        result, _ = self.ask(hub, history=4)
        assert (result["events"], result["more"], result["offset"]) == ([], True, 2)

    def test_whatWasMissed(self) -> None:
        """Who can be told what they missed is told that, and no more."""
        hub = roomHub()
        epoch = publish(hub, *"abcd")
        result, frames = self.ask(hub, 2, history=1, recover={"epoch": epoch, "offset": 1})
        assert result == {
            "room": "news",
            "epoch": epoch,
            "offset": 4,
            "recovered": True,
            "events": [past("b", 2), past("c", 3), past("d", 4)],
        }
        assert frames == []

    @pytest.mark.parametrize("since", [{"epoch": "other", "offset": 3}, {"offset": 0}, {"offset": 99}])
    def test_whatCantBeTold(self, since: Any) -> None:
        """Who can't be told it is first told so, and then the last events."""
        hub = roomHub()
        epoch = publish(hub, *range(15))
        ada = arrive(hub, version=2)
        ada.emit("socket.subscribe", {"room": "news", "history": 2, "recover": {"epoch": epoch, **since}}, id=1)
        resync, reply = ada.read()
        assert resync == {"event": "socket.resync", "data": {"room": "news", "reason": "lost"}}
        result = reply["data"]["result"]
        assert (result["recovered"], result["events"], result["more"]) == (False, [past(13, 14), past(14, 15)], True)

    def test_tooMuchWasMissed(self) -> None:
        """Who missed too much for a reply is told the newest of it."""
        hub = roomHub(limits={"replayBytes": 2500})
        epoch = publish(hub, *[LARGE] * 5)
        result, _ = self.ask(hub, history=2, recover={"epoch": epoch, "offset": 1})
        assert (result["recovered"], [event["offset"] for event in result["events"]]) == (False, [4, 5])

    def test_ofTheFirstVersion(self) -> None:
        """Who didn't say that they know C{socket.resync} isn't sent it."""
        hub = roomHub()
        publish(hub, "a")
        result, frames = self.ask(hub, 1, history=2, recover={"epoch": "other", "offset": 1})
        assert (result["recovered"], result["events"], frames) == (False, [past("a", 1)], [])

    def test_several(self) -> None:
        """Of several rooms each gives its own, as far as there is room in the reply, and none is refused for it."""
        hub = roomHub(limits={"sendQueueBytes": 2500})
        rooms = ["news-1", "news-2", "news-3"]
        for room in rooms:
            publish(hub, LARGE, room=room)
        ada = arrive(hub, version=2)
        results = ada.ask("socket.subscribe", {"rooms": [{"room": room, "history": 10} for room in rooms]})
        assert [(len(each["events"]), each["more"]) for each in results] == [(1, False), (1, False), (0, True)]
        assert ada.connection.rooms == tuple(rooms)

    def test_publishedMeanwhile(self) -> None:
        """What is published while it is read comes once, in the reply or after it."""
        backplane = LateBackplane()
        hub = roomHub(backplane=backplane)
        publish(hub, *"abc")
        ada = arrive(hub)
        ada.emit("socket.subscribe", {"room": "news", "history": 2}, id=1)
        publish(hub, "d")
        backplane.answer()
        publish(hub, "e")
        backplane.questions[0].find()
        publish(hub, "f")
        backplane.answer()
        reply, frame = ada.read()
        result = reply["data"]["result"]
        assert (result["offset"], result["events"], frame) == (5, [past("d", 4), past("e", 5)], live("f", 6))

    def test_overflow(self) -> None:
        """Where so much is published meanwhile that it can't be held, nothing is called the last, and it is said."""
        backplane = LateBackplane()
        hub = roomHub(backplane=backplane, limits={"sendQueueBytes": 1500})
        publish(hub, "a")
        ada = arrive(hub, version=2)
        ada.emit("socket.subscribe", {"room": "news", "history": 5}, id=1)
        backplane.answer()
        backplane.questions[0].find()
        publish(hub, LARGE, LARGE)
        backplane.answer()
        reply, resync = ada.read()
        result = reply["data"]["result"]
        assert (result["offset"], result["events"], result["more"]) == (3, [], True)
        assert resync["data"] == {"room": "news", "reason": "overflow"}

    @pytest.mark.parametrize("history", [0, -1, 101, 1.5, "10", True, None, [1]])
    def test_misshapen(self, history: Any) -> None:
        """It is a number from 1 to 100, and else refused with its place."""
        ada = arrive(roomHub())
        error = ada.ask("socket.subscribe", {"room": "news", "history": history})
        assert (error["code"], error["path"]) == ("payload.invalid", "$.data.history")
        error = ada.ask("socket.subscribe", {"rooms": [{"room": "lobby"}, {"room": "news", "history": history}]})
        assert (error["code"], error["path"]) == ("payload.invalid", "$.data.rooms[1].history")
        assert ada.connection.rooms == ()
