"""
Who may be in which room: asked of policies, which may take their time.
"""

from typing import Any

import pytest

from ratchet_tx import Hub, PeerError, RoomPolicy
from tests.kit.fakes import FakeClient, Peer, clockOf, logged
from tests.kit.roomhub import Joins, arrive, live, publish, roomHub


class TestPermission:
    @pytest.fixture
    def joins(self) -> Joins:
        return Joins()

    @pytest.fixture
    def hub(self, joins: Joins) -> Hub:
        hub = roomHub(limits={"handlerSeconds": 5})
        hub.applications.registerRooms("slow", RoomPolicy(10, 60, mayJoin=joins))
        return hub

    @pytest.fixture
    def ada(self, hub: Hub) -> Peer:
        return arrive(hub, version=2)

    def subscribe(self, peer: Peer) -> None:
        peer.emit("socket.subscribe", {"room": "slow"}, id=1)

    def test_later(self, joins: Joins, ada: Peer) -> None:
        """A policy may take its time, in which events of the same connection wait."""
        self.subscribe(ada)
        ada.emit("socket.unsubscribe", {"room": "slow"}, id=2)
        assert ada.read() == []
        joins.asked[0].callback(True)
        assert [frame["re"] for frame in ada.read()] == [1, 2]
        assert ada.connection.rooms == ()

    def test_coroutine(self) -> None:
        """A policy's answer may be a coroutine."""

        async def mayJoin(client: Any, room: str) -> bool:
            return client.id == "ada"

        hub = roomHub()
        hub.applications.registerRooms("staff", RoomPolicy(mayJoin=mayJoin))
        assert arrive(hub).ask("socket.subscribe", {"room": "staff"})["room"] == "staff"
        assert arrive(hub, "b").ask("socket.subscribe", {"room": "staff"})["code"] == "room.denied"

    def test_failing(self, joins: Joins, ada: Peer) -> None:
        """A policy that fails is a refusal that says "come again", and is in the log; why isn't told."""
        self.subscribe(ada)
        with logged() as lines:
            joins.asked[0].errback(ValueError("sesame"))
        [reply] = ada.read()
        assert (reply["data"]["error"]["code"], reply["data"]["error"]["retry"]) == ("room.denied", True)
        assert "sesame" not in str(reply)
        assert any("Room request failed" in line and '"slow"' in line and "sesame" in line for line in lines)

    @pytest.mark.parametrize("error", [ValueError("sesame"), SystemExit(1)])
    def test_failingAtOnce(self, error: BaseException) -> None:
        """A policy that raises is the same, whatever it raises."""

        def mayJoin(client: Any, room: str) -> bool:
            raise error

        hub = roomHub()
        hub.applications.registerRooms("broken", RoomPolicy(mayJoin=mayJoin))
        with logged() as lines:
            refused = arrive(hub).ask("socket.subscribe", {"room": "broken"})
        assert (refused["code"], refused["retry"], len(lines)) == ("room.denied", True, 1)

    def test_itsOwnRefusal(self) -> None:
        """A PeerError of a policy's is its answer."""

        def mayJoin(client: Any, room: str) -> bool:
            raise PeerError("party.full", "No seats left", retry=True, seats=0)

        hub = roomHub()
        hub.applications.registerRooms("party", RoomPolicy(mayJoin=mayJoin))
        refused = arrive(hub).ask("socket.subscribe", {"room": "party"})
        assert refused == {"code": "party.full", "message": "No seats left", "retry": True, "seats": 0}

    def test_takingTooLong(self, hub: Hub, joins: Joins, ada: Peer) -> None:
        """A policy that takes longer than a handler may is a refusal that says "come again"."""
        self.subscribe(ada)
        with logged() as lines:
            clockOf(hub).advance(5)
        assert ada.read()[0]["data"]["error"]["retry"] is True
        assert len(lines) == 1

    def test_endedMeanwhile(self, hub: Hub, joins: Joins, ada: Peer) -> None:
        """Who is gone before the answer is let in nowhere, and the question is cancelled without a word in the log."""
        self.subscribe(ada)
        with logged() as lines:
            ada.leave(1006, "", clean=False)
            assert joins.asked[0].called
        assert (ada.read(), [line for line in lines if "fail" in line]) == ([], [])
        assert len(hub.parts.fanout.holdbacks) == 0

    def test_closingMeanwhile(self, joins: Joins, ada: Peer) -> None:
        """Who is being closed is let in nowhere, and told nothing."""
        self.subscribe(ada)
        ada.connection.close(4000)
        joins.asked[0].callback(True)
        assert (ada.read(), ada.connection.rooms) == ([], ())

    def test_anotherClientMeanwhile(self, hub: Hub, joins: Joins, ada: Peer) -> None:
        """What one client may isn't done for another."""
        self.subscribe(ada)
        hub.parts.identity.loggedIn(ada.connection, FakeClient("bob"))
        joins.asked[0].callback(True)
        assert ada.read()[0]["data"]["error"]["code"] == "room.denied"
        assert ada.connection.rooms == ()

    def test_takenOutMeanwhile(self, hub: Hub, joins: Joins, ada: Peer) -> None:
        """Whom the server takes out of the room meanwhile stays out."""
        self.subscribe(ada)
        hub.leave("ada", "slow")
        joins.asked[0].callback(True)
        assert [frame["data"]["error"]["code"] for frame in ada.read()] == ["room.denied"]
        assert ada.connection.rooms == ()

    def test_deniedWhereOneIs(self, joins: Joins, ada: Peer) -> None:
        """A refusal changes nothing: who was in the room stays in it, and is sent what waited."""
        ada.connection.join("slow")
        ada.read()
        self.subscribe(ada)
        epoch = publish(ada._hub, "a", room="slow")
        assert ada.read() == []
        joins.asked[0].callback(False)
        reply, frame = ada.read()
        assert (reply["data"]["ok"], frame) == (False, live("a", 1, "slow"))
        assert epoch

    def test_noLimit(self, joins: Joins) -> None:
        """With no limit for handlers a policy may take any time."""
        hub = roomHub(limits={"handlerSeconds": 0})
        hub.applications.registerRooms("slow", RoomPolicy(mayJoin=joins))
        ada = arrive(hub)
        self.subscribe(ada)
        clockOf(hub).advance(10_000)
        joins.asked[0].callback(True)
        assert ada.connection.rooms == ("slow",)
