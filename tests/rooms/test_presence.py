"""
Presence: who is there is shown, on every node, and who isn't isn't.
"""

import gc
import tracemalloc
from typing import Any

import pytest
from twisted.internet.defer import fail
from twisted.internet.task import Clock

from ratchet_tx import Hub, RoomPolicy, UsageError
from ratchet_tx.backplane.memory import MemoryBackplane
from ratchet_tx.rooms.presence import LEASE, ROUND
from tests.kit.fakes import FakeClient, LateBackplane, Peer, clockOf, failed, logged, override, startedHub, succeeded
from tests.kit.roomhub import Joins, arrive, publish, roomHub


def comeIn(hub: Hub, token: str = "a", room: str = "cafe", version: int = 1, **meta: Any) -> Peer:
    """
    Let somebody come to a room, and be shown in it; he has read all that there is.
    """
    peer = arrive(hub, token, version)
    peer.ask("socket.subscribe", {"room": room, "presence": True, "meta": meta})
    peer.read()
    return peer


def metas(*peers: Peer, **meta: Any) -> dict[str, Any]:
    """
    Write down what is shown of connections of one client.
    """
    return {"metas": [{"ref": peer.connection.id, **meta} for peer in peers]}


def diff(joins: Any = None, leaves: Any = None, room: str = "cafe") -> dict[str, Any]:
    data = {"room": room, "joins": joins or {}, "leaves": leaves or {}}
    return {"event": "socket.presence.diff", "data": data, "room": room}


def lose(peer: Peer) -> None:
    peer.leave(1006, "", clean=False)


def wait(hub: Hub, seconds: float) -> None:
    for _ in range(int(seconds * 10)):
        clockOf(hub).advance(0.1)


def others(hub: Hub, clock: Clock | None = None) -> Hub:
    """
    Make another node of the same system, whose time is the same, or its own.
    """
    assert isinstance(hub.backplane, MemoryBackplane)
    return roomHub(backplane=MemoryBackplane(hub.backplane), clock=clock or hub.clock)


class TestComing:
    def test_theOrder(self) -> None:
        """Who comes is answered, then told who is there, himself too, and then who else comes; never of his own coming."""
        hub = roomHub()
        bob = comeIn(hub, "b")
        ada = arrive(hub)
        ada.emit("socket.subscribe", {"room": "cafe", "presence": True, "meta": {"status": "away"}}, id=1)
        eve = comeIn(hub, "c")
        reply, state, joined = ada.read()
        assert reply["data"] == {"ok": True, "result": {"room": "cafe", "recoverable": False}}
        members = {"bob": metas(bob), "ada": metas(ada, status="away")}
        assert state == {"event": "socket.presence.state", "data": {"room": "cafe", "members": members}, "room": "cafe"}
        assert joined == diff(joins={"eve": metas(eve)})
        assert bob.read() == [diff(joins={"ada": metas(ada, status="away")}), joined]

    def test_severalConnections(self) -> None:
        """A client is shown once, with each of its connections; which come and go each by itself."""
        hub = roomHub()
        bob, one = comeIn(hub, "b"), comeIn(hub)
        other = comeIn(hub, status="away")
        one.ask("socket.unsubscribe", {"room": "cafe"})
        assert bob.read() == [
            diff(joins={"ada": metas(one)}),
            diff(joins={"ada": metas(other, status="away")}),
            diff(leaves={"ada": metas(one)}),
        ]

    def test_whoDoesNotAsk(self) -> None:
        """Who doesn't ask for it is neither shown nor told, though he is in the room."""
        hub = roomHub()
        bob = comeIn(hub, "b")
        ada = arrive(hub)
        ada.ask("socket.subscribe", {"room": "cafe"})
        comeIn(hub, "c")
        hub.emit("x", room="cafe")
        assert [frame["event"] for frame in ada.read()] == ["x"]
        assert "ada" not in str(bob.read())

    def test_roomsWithoutIt(self) -> None:
        """In a room whose policy doesn't show its members nobody can ask for it."""
        ada = arrive(roomHub())
        error = ada.ask("socket.subscribe", {"room": "lobby", "presence": True})
        assert (error["code"], ada.connection.rooms, ada.read()) == ("room.denied", (), [])

    def test_severalRooms(self) -> None:
        """One may be shown in several rooms by one request, differently in each."""
        hub = roomHub()
        ada = arrive(hub)
        rooms = [
            {"room": "cafe-1", "presence": True, "meta": {"seat": 1}},
            {"room": "lobby"},
            {"room": "cafe-2", "presence": True},
        ]
        ada.ask("socket.subscribe", {"rooms": rooms})
        assert [frame["data"] for frame in ada.read()] == [
            {"room": "cafe-1", "members": {"ada": metas(ada, seat=1)}},
            {"room": "cafe-2", "members": {"ada": metas(ada)}},
        ]

    def test_again(self) -> None:
        """Who asks again is told the state again, and shows what he says then."""
        hub = roomHub()
        bob, ada = comeIn(hub, "b"), comeIn(hub, status="away")
        bob.read()
        ada.ask("socket.subscribe", {"room": "cafe", "presence": True, "meta": {"status": "here"}})
        changed = diff(joins={"ada": metas(ada, status="here")})
        assert [frame["event"] for frame in ada.read()] == ["socket.presence.diff", "socket.presence.state"]
        assert bob.read() == [changed]
        ada.leave()
        assert bob.read() == [diff(leaves={"ada": metas(ada, status="here")})]

    def test_withRecovery(self) -> None:
        """What was missed is in the reply, which comes before the state."""
        hub = roomHub()
        epoch = publish(hub, "a", room="club")
        ada = arrive(hub)
        recover = {"epoch": epoch, "offset": 0}
        reply = ada.ask("socket.subscribe", {"room": "club", "presence": True, "recover": recover})
        assert (reply["recovered"], [frame["event"] for frame in ada.read()]) == (True, ["socket.presence.state"])


class TestMeta:
    def test_update(self) -> None:
        """What somebody shows can be changed, of which everybody is told as of a join of the same ref."""
        hub = roomHub()
        bob, ada = comeIn(hub, "b"), comeIn(hub, status="away")
        bob.read()
        assert ada.ask("socket.presence.update", {"room": "cafe", "meta": {"status": "here"}}) == {"room": "cafe"}
        changed = diff(joins={"ada": metas(ada, status="here")})
        assert (ada.read(), bob.read()) == ([changed], [changed])
        ada.ask("socket.presence.update", {"room": "cafe", "meta": {"status": "here"}})
        assert (ada.read(), bob.read()) == ([], [])

    def test_whoIsNotShown(self) -> None:
        """Who isn't shown in a room has nothing to change there."""
        hub = roomHub()
        ada = arrive(hub)
        ada.ask("socket.subscribe", {"room": "cafe"})
        assert ada.ask("socket.presence.update", {"room": "cafe", "meta": {}})["code"] == "room.denied"
        assert Peer(hub).ask("socket.presence.update", {"room": "cafe", "meta": {}})["code"] == "auth.required"

    @pytest.mark.parametrize(
        ("meta", "isRight"),
        [({"x": "y" * 1016}, True), ({"x": "y" * 1017}, False), ([], False), ("x", False), (None, False)],
    )
    def test_size(self, meta: Any, isRight: bool) -> None:
        """What somebody shows is an object of at most 1 KiB."""
        hub = roomHub()
        ada = arrive(hub)
        wanted = {"room": "cafe", "presence": True, "meta": meta}
        requests = [
            ("socket.subscribe", wanted, "$.data.meta"),
            ("socket.subscribe", {"rooms": [{"room": "lobby"}, wanted]}, "$.data.rooms[1].meta"),
            ("socket.presence.update", {"room": "cafe", "meta": meta}, "$.data.meta"),
        ]
        for event, data, path in requests:
            result = ada.ask(event, data)
            ada.read()
            if not isRight:
                assert (result["code"], result["path"]) == ("payload.invalid", path)
            else:
                assert "code" not in result

    def test_nobodyShowsAnothersRef(self) -> None:
        """Nobody can pass himself off as another connection."""
        hub = roomHub()
        bob = comeIn(hub, "b")
        eve = comeIn(hub, "c", ref=bob.connection.id, status="here")
        assert bob.read() == [diff(joins={"eve": metas(eve, status="here")})]


class TestGoing:
    def test_unsubscribing(self) -> None:
        """Who unsubscribes is gone at once, and told nothing any more."""
        hub = roomHub()
        bob, ada = comeIn(hub, "b"), comeIn(hub)
        bob.read()
        ada.ask("socket.unsubscribe", {"room": "cafe"})
        comeIn(hub, "c")
        assert bob.read()[0] == diff(leaves={"ada": metas(ada)})
        assert ada.read() == []

    def test_outOfOneRoom(self) -> None:
        """Who leaves one room is still shown in the others."""
        hub = roomHub()
        ada = comeIn(hub)
        ada.ask("socket.subscribe", {"room": "club", "presence": True})
        ada.ask("socket.unsubscribe", {"room": "cafe"})
        assert (succeeded(hub.members("cafe")), set(succeeded(hub.members("club")))) == ({}, {"ada"})

    @pytest.mark.parametrize("code", [1000, 1001, 4000])
    def test_cleanClose(self, code: int) -> None:
        """Who takes leave is gone at once, also in case a page is loaded again."""
        hub = roomHub()
        bob, ada = comeIn(hub, "b"), comeIn(hub)
        bob.read()
        ada.leave(code)
        assert bob.read() == [diff(leaves={"ada": metas(ada)})]

    def test_lost(self) -> None:
        """Who is lost is missed after C{presenceSeconds}."""
        hub = roomHub()
        bob, ada = comeIn(hub, "b"), comeIn(hub)
        bob.read()
        lose(ada)
        wait(hub, 4.9)
        assert bob.read() == []
        wait(hub, 0.2)
        assert bob.read() == [diff(leaves={"ada": metas(ada)})]
        wait(hub, 100)
        assert bob.read() == []

    @pytest.mark.parametrize("elsewhere", [False, True])
    def test_sentAwayWhileLost(self, elsewhere: bool) -> None:
        """Whom the server sends away while they are lost is missed at once, wherever that is said, and nobody else."""
        hub = roomHub()
        node = others(hub) if elsewhere else hub
        bob, ada, cafe2 = comeIn(hub, "b"), comeIn(hub), comeIn(hub, room="cafe2")
        eve = comeIn(hub, "c")
        bob.read()
        for peer in (ada, cafe2, eve):
            lose(peer)
        node.leave("ada", "cafe2")
        assert succeeded(hub.members("cafe2")) == {}
        assert bob.read() == []
        node.disconnect("ada")
        assert bob.read() == [diff(leaves={"ada": metas(ada)})]
        assert succeeded(hub.members("cafe")) == {"bob": metas(bob), "eve": metas(eve)}
        wait(hub, 100)
        assert bob.read() == [diff(leaves={"eve": metas(eve)})]
        assert succeeded(hub.members("cafe")) == {"bob": metas(bob)}

    def test_toComeAgain(self) -> None:
        """Who is sent away to come again keeps the time to do so."""
        hub = roomHub()
        bob, ada = comeIn(hub, "b"), comeIn(hub)
        bob.read()
        lose(ada)
        hub.disconnect("ada", code=4001)
        assert bob.read() == []
        comeIn(hub)
        wait(hub, 100)
        assert bob.read() == []

    def test_noGrace(self) -> None:
        """With no time to come back who is lost is missed at once."""
        hub = roomHub(limits={"presenceSeconds": 0})
        bob, ada = comeIn(hub, "b"), comeIn(hub)
        bob.read()
        lose(ada)
        assert bob.read() == [diff(leaves={"ada": metas(ada)})]

    @pytest.mark.parametrize(("code", "isLost"), [(4001, True), (4008, True), (4012, True), (1011, True), (4503, False)])
    def test_closedByUs(self, code: int, isLost: bool) -> None:
        """Whom we close so that his client comes again is lost; whom we send away is gone, however he takes it."""
        for clean in (True, False):
            hub = roomHub()
            bob, ada = comeIn(hub, "b"), comeIn(hub)
            bob.read()
            ada.connection.close(code)
            ada.leave(code, "", clean)
            assert (bob.read() == []) is isLost
            wait(hub, 6)
            assert (bob.read() == []) is not isLost

    def test_takenOut(self) -> None:
        """Whom the server takes out, or sends away, is gone at once."""
        hub = roomHub()
        bob, ada, eve = comeIn(hub, "b"), comeIn(hub), comeIn(hub, "c")
        bob.read()
        hub.leave("ada", "cafe")
        hub.disconnect("eve")
        eve.leave(1006, "", clean=False)
        assert bob.read() == [diff(leaves={"ada": metas(ada)}), diff(leaves={"eve": metas(eve)})]

    @pytest.mark.parametrize("code", [1000, 3000, 4503])
    @pytest.mark.parametrize("before", [None, 4001])
    @pytest.mark.parametrize("elsewhere", [False, True])
    def test_sentAwayAndSilent(self, code: int, before: int | None, elsewhere: bool) -> None:
        """Who is sent away is gone before the connection has ended, which may take long, and if it is closing already."""
        hub = roomHub()
        node = others(hub) if elsewhere else hub
        bob, ada = comeIn(hub, "b"), comeIn(hub)
        bob.read()
        if before is not None:
            hub.disconnect("ada", before)
        assert bob.read() == []
        node.disconnect("ada", code)
        assert bob.read() == [diff(leaves={"ada": metas(ada)})]
        assert set(succeeded(node.members("cafe"))) == {"bob"}
        lose(ada)
        ada.connection.close()
        wait(hub, 100)
        assert bob.read() == []

    def test_anotherLogin(self) -> None:
        """Who logs in as somebody else is gone as who he was, before he is told."""
        hub = roomHub()
        bob, ada = comeIn(hub, "b"), comeIn(hub)
        bob.read()
        ada.logIn("c")
        assert bob.read() == [diff(leaves={"ada": metas(ada)})]
        assert set(succeeded(hub.members("cafe"))) == {"bob"}

    def test_nothingIsLeft(self) -> None:
        """When everybody is gone nothing is left of them, nor any timer."""
        hub = roomHub()
        peers = [comeIn(hub, token) for token in "abc"]
        for peer in peers[1:]:
            assert not hub.parts.presence.isIdle
            peer.leave()
        lose(peers[0])
        assert not hub.parts.presence.isIdle
        wait(hub, 6)
        assert hub.parts.presence.isIdle
        assert hub.backplane.members("cafe") == {}
        assert clockOf(hub).getDelayedCalls() == []

    def test_stopping(self) -> None:
        """A hub that stops misses nobody any more, and leaves no timer behind."""
        hub = roomHub()
        ada, bob = comeIn(hub), comeIn(hub, "b")
        lose(ada)
        hub.stopService()
        bob.leave(1001)
        assert clockOf(hub).getDelayedCalls() == []


class TestComingBack:
    @pytest.mark.parametrize("elsewhere", [False, True])
    def test_inTime(self, elsewhere: bool) -> None:
        """Who is back in time, on whatever node, neither left nor joined, and takes the place of his lost connection."""
        hub = roomHub()
        node = others(hub) if elsewhere else hub
        bob, ada = comeIn(hub, "b"), comeIn(hub, status="away")
        bob.read()
        lose(ada)
        wait(hub, 4)
        again = arrive(node)
        again.ask("socket.subscribe", {"room": "cafe", "presence": True, "meta": {"status": "away"}})
        members = {"bob": metas(bob), "ada": metas(ada, status="away")}
        assert [frame["data"]["members"] for frame in again.read()] == [members]
        wait(hub, 100)
        assert (bob.read(), again.read()) == ([], [])
        assert succeeded(hub.members("cafe")) == members
        again.leave()
        assert bob.read() == [diff(leaves={"ada": metas(ada, status="away")})]

    def test_showingSomethingElse(self) -> None:
        """Who is back and shows something else has changed it, and neither left nor joined."""
        hub = roomHub()
        bob, ada = comeIn(hub, "b"), comeIn(hub, status="away")
        bob.read()
        lose(ada)
        comeIn(hub, status="here")
        assert bob.read() == [diff(joins={"ada": metas(ada, status="here")})]

    def test_aloneInTheRoom(self) -> None:
        """He is back also where nobody else was there to see it."""
        hub = roomHub()
        ada = comeIn(hub)
        lose(ada)
        again = arrive(hub)
        again.ask("socket.subscribe", {"room": "cafe", "presence": True})
        assert again.read()[0]["data"]["members"] == {"ada": metas(ada)}
        wait(hub, 100)
        assert again.read() == []

    def test_whileTheOldSocketLingers(self) -> None:
        """Who is back before the old connection is missed is shown by both until that is, and is there all the time."""
        hub = roomHub()
        bob, old = comeIn(hub, "b"), comeIn(hub)
        bob.read()
        new = comeIn(hub)
        lose(old)
        wait(hub, 6)
        assert bob.read() == [diff(joins={"ada": metas(new)}), diff(leaves={"ada": metas(old)})]

    def test_lostAgain(self) -> None:
        """Who is lost again is given the whole time again."""
        hub = roomHub()
        bob, ada = comeIn(hub, "b"), comeIn(hub)
        bob.read()
        for _ in range(3):
            lose(ada)
            wait(hub, 4)
            ada = comeIn(hub)
        assert bob.read() == []
        lose(ada)
        wait(hub, 4.9)
        assert bob.read() == []
        wait(hub, 0.2)
        assert len(bob.read()) == 1

    def test_anotherClient(self) -> None:
        """Nobody takes the place of somebody else."""
        hub = roomHub()
        bob, ada = comeIn(hub, "b"), comeIn(hub)
        bob.read()
        lose(ada)
        eve = comeIn(hub, "c")
        wait(hub, 6)
        assert bob.read() == [diff(joins={"eve": metas(eve)}), diff(leaves={"ada": metas(ada)})]


class TestNodes:
    def test_everybodyIsShownEverywhere(self) -> None:
        """Who is on one node is shown on all others, as are his changes and his end."""
        one = roomHub()
        other = others(one)
        here, there = comeIn(one, "b"), comeIn(other)
        assert here.read() == [diff(joins={"ada": metas(there)})]
        there.ask("socket.presence.update", {"room": "cafe", "meta": {"status": "away"}})
        eve = comeIn(one, "c")
        there.read()
        eve.leave()
        assert there.read() == [diff(leaves={"eve": metas(eve)})]
        there.leave()
        assert here.read()[0] == diff(joins={"ada": metas(there, status="away")})
        assert here.read() == []
        assert succeeded(one.members("cafe")) == {"bob": metas(here)}

    def test_aNodeThatDied(self) -> None:
        """Whom a node had that died is missed when the leases are over; whoever lives stays."""
        one = roomHub()
        # For a node that has died no time goes on.
        other = others(one, Clock())
        here, there = comeIn(one, "b"), comeIn(other)
        here.read()
        other.backplane.stop()
        wait(one, LEASE - 1)
        assert here.read() == []
        wait(one, ROUND + 1)
        assert here.read() == [diff(leaves={"ada": metas(there)})]
        assert succeeded(one.members("cafe")) == {"bob": metas(here)}

    def test_leasesAreRenewed(self) -> None:
        """Who is there stays, on every node, however long."""
        one = roomHub()
        other = others(one)
        here, there = comeIn(one, "b"), comeIn(other)
        here.read()
        wait(one, 5 * LEASE)
        assert (here.read(), there.read()) == ([], [])
        assert set(succeeded(other.members("cafe"))) == {"ada", "bob"}

    def test_aLostMessage(self) -> None:
        """What one node didn't hear of another is right again after a round."""
        one = roomHub()
        other = others(one)
        here = comeIn(one, "b")
        override(one.parts.presence, received=lambda message: None)
        there = comeIn(other)
        assert here.read() == []
        wait(one, ROUND + 1)
        assert here.read() == [diff(joins={"ada": metas(there)})]

    def test_missedWhereHeWas(self) -> None:
        """Who was missed on one node, before that knew that he is back on another, is there again at once."""
        one = roomHub()
        other = others(one)
        here, ada = comeIn(one, "b"), comeIn(one)
        here.read()
        lose(ada)
        override(one.parts.presence, received=lambda message: None)
        again = comeIn(other)
        del one.parts.presence.received
        wait(one, 6)
        gone, back = here.read()
        assert (gone, back) == (diff(leaves={"ada": metas(ada)}), diff(joins={"ada": metas(ada)}))
        assert set(succeeded(one.members("cafe"))) == {"ada", "bob"}
        again.leave()
        assert here.read() == [gone]


class TestMembers:
    def test_members(self) -> None:
        """Who is shown in a room is named with what he shows, and whoever else is in it with his connection alone."""
        hub = roomHub()
        ada, bob = comeIn(hub, status="away"), arrive(hub, "b")
        bob.connection.join("cafe")
        expected = {"ada": metas(ada, status="away"), "bob": metas(bob)}
        assert succeeded(hub.members("cafe")) == expected

    def test_withoutPresence(self) -> None:
        """Of any other room those of this node are named."""
        hub = roomHub()
        ada = arrive(hub)
        ada.connection.join("anything")
        assert succeeded(hub.members("anything")) == {"ada": metas(ada)}
        assert succeeded(hub.members("nowhere")) == {}

    def test_whoMayBeBack(self) -> None:
        """Who was lost and may be back is named until he is missed."""
        hub = roomHub()
        lose(comeIn(hub))
        assert set(succeeded(hub.members("cafe"))) == {"ada"}
        wait(hub, 6)
        assert succeeded(hub.members("cafe")) == {}

    def test_names(self) -> None:
        """A room has a name."""
        with pytest.raises(UsageError, match="a room"):
            roomHub().members("")

    def test_failing(self) -> None:
        """Where the backplane fails, so does the answer."""
        backplane = LateBackplane()
        asked = roomHub(backplane=backplane).members("cafe")
        backplane.questions.pop().answered.errback(OSError("gone"))
        assert isinstance(failed(asked), OSError)


class TestTakingTime:
    @pytest.fixture
    def backplane(self) -> LateBackplane:
        return LateBackplane()

    @pytest.fixture
    def hub(self, backplane: LateBackplane) -> Hub:
        return roomHub(backplane=backplane, limits={"handlerSeconds": 5})

    def come(self, hub: Hub, token: str = "a", version: int = 1) -> Peer:
        peer = arrive(hub, token, version)
        peer.emit("socket.subscribe", {"room": "cafe", "presence": True}, id=1)
        return peer

    def test_theOrder(self, hub: Hub, backplane: LateBackplane) -> None:
        """While the backplane is asked who is there, what was asked later waits; the order stays."""
        ada, bob = self.come(hub), self.come(hub, "b")
        ada.emit("socket.presence.update", {"room": "cafe", "meta": {"status": "here"}}, id=2)
        backplane.answer()
        assert [frame["event"] for frame in ada.read()] == [
            "socket.reply",
            "socket.presence.state",
            "socket.presence.diff",
            "socket.reply",
            "socket.presence.diff",
        ]
        _, state = bob.read()
        assert state["data"]["members"] == {"ada": metas(ada, status="here"), "bob": metas(bob)}

    @pytest.mark.parametrize("how", ["leaves", "is lost", "is closed", "is another"])
    def test_goneMeanwhile(self, hub: Hub, backplane: LateBackplane, how: str) -> None:
        """Who isn't in the room any more when the answer comes isn't shown."""
        ada = self.come(hub)
        if how == "leaves":
            ada.connection.leave("cafe")
        elif how == "is lost":
            lose(ada)
        elif how == "is closed":
            ada.connection.close(4000)
        else:
            hub.parts.identity.loggedIn(ada.connection, FakeClient("bob"))
        backplane.answer()
        assert [frame["event"] for frame in ada.read()] == ["socket.reply"]
        assert hub.parts.presence.isIdle

    def test_lostMeanwhile(self, hub: Hub, backplane: LateBackplane) -> None:
        """Nobody waits for what only somebody wants who is gone."""
        ada = self.come(hub)
        with logged() as lines:
            lose(ada)
        assert (hub.parts.presence.isIdle, [line for line in lines if "fail" in line]) == (True, [])

    def test_tooLong(self, hub: Hub) -> None:
        """Where nobody can say who is there, one is taken out of the room, and told if he knows the word."""
        ada = self.come(hub, version=2)
        with logged() as lines:
            wait(hub, 6)
        assert [frame["event"] for frame in ada.read()] == ["socket.reply", "socket.unsubscribed"]
        assert (ada.connection.rooms, len(lines)) == ((), 1)

    def test_noLimit(self, backplane: LateBackplane) -> None:
        """With no limit for handlers it may take any time."""
        hub = roomHub(backplane=backplane, limits={"handlerSeconds": 0})
        ada = self.come(hub)
        wait(hub, 1000)
        backplane.answer()
        assert [frame["event"] for frame in ada.read()] == ["socket.reply", "socket.presence.state"]

    def test_aBackplaneThatFails(self, hub: Hub, backplane: LateBackplane) -> None:
        """A backplane that fails in a round, or to enter somebody, is logged, and asked again in the next one."""
        ada = self.come(hub)
        backplane.answer()
        assert len(ada.read()) == 2
        enter = backplane.enter

        def broken(*arguments: Any) -> Any:
            raise OSError("gone")

        override(backplane, enter=broken)
        with logged() as lines:
            wait(hub, 1.1)
        assert any("Presence not renewed, retried within 20 s: room=" in line for line in lines)
        override(backplane, enter=lambda *arguments: fail(OSError("gone")))
        backplane.answer()
        with logged() as lines:
            wait(hub, 1.1)
        assert any("Presence update not published, retried within 20 s: room=" in line for line in lines)
        backplane.answer()
        override(backplane, enter=enter)
        wait(hub, 1.1)
        backplane.questions[-1].answer()
        assert ada.read() == []


def test_oneOfSeveralRoomsTakesTime() -> None:
    """A room that one has to wait for doesn't change the order in any."""
    joins = Joins()
    hub = roomHub()
    hub.applications.registerRooms("slow", RoomPolicy(presence=True, mayJoin=joins))
    ada = arrive(hub)
    ada.emit("socket.subscribe", {"rooms": [{"room": "cafe", "presence": True}, {"room": "slow", "presence": True}]}, id=1)
    bob = comeIn(hub, "b")
    joins.asked[0].callback(True)
    reply, *frames = ada.read()
    assert reply["event"] == "socket.reply"
    assert [frame["data"]["members"] for frame in frames] == [{"bob": metas(bob), "ada": metas(ada)}, {"ada": metas(ada)}]


class TestBytes:
    META = {"x": [[]] * 330}

    def test_kept(self) -> None:
        """What somebody shows of themselves takes about as many bytes as it has, whatever it consists of."""
        hub = startedHub()
        hub.applications.registerRooms("*", RoomPolicy(presence=True))
        peer = Peer(hub)
        tracemalloc.start()
        try:
            for number in range(100):
                peer.emit("socket.subscribe", {"room": f"room-{number}", "presence": True, "meta": self.META})
                peer.transport.texts.clear()
                peer.transport.spares.clear()
            gc.collect()
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(peer.connection.rooms) == 100
        assert 100 * 2000 < hub.ledger.parts["metas"] < 400_000
        assert kept < 1.5 * hub.ledger.parts["metas"]

    def test_counted(self) -> None:
        """It is counted while it is shown: what is shown anew instead of what was before."""
        hub = startedHub()
        hub.applications.registerRooms("*", RoomPolicy(presence=True))
        peer = Peer(hub)
        counted = []
        for event, data in (
            ("socket.subscribe", {"room": "cafe", "presence": True, "meta": self.META}),
            ("socket.presence.update", {"room": "cafe", "meta": {}}),
            ("socket.subscribe", {"room": "bar", "presence": True}),
            ("socket.unsubscribe", {"room": "cafe"}),
            ("socket.unsubscribe", {"room": "bar"}),
        ):
            peer.ask(event, data)
            counted.append(hub.ledger.parts["metas"])
        assert counted[0] > 2000 > counted[2] / 2 == counted[1] == counted[3]
        assert counted[4] == 0
        peer.ask("socket.subscribe", {"room": "cafe", "presence": True, "meta": self.META})
        before = hub.ledger.parts["metas"]
        peer.leave(1006, "", clean=False)
        assert hub.ledger.parts["metas"] == before
        again = Peer(hub)
        clockOf(hub).advance(100)
        assert hub.ledger.parts["metas"] == 0
        again.leave()
        assert hub.ledger.bytes == 0

    def test_backOrStopped(self) -> None:
        """Of who was lost it is counted until they are back, or the hub stops."""
        hub = roomHub()
        counted = []
        for _ in range(3):
            ada = arrive(hub)
            ada.ask("socket.subscribe", {"room": "cafe", "presence": True, "meta": self.META})
            counted.append(hub.ledger.parts["metas"])
            ada.leave(1006, "", clean=False)
            counted.append(hub.ledger.parts["metas"])
        assert len(set(counted)) == 1
        hub.stopService()
        assert hub.ledger.bytes == 0
