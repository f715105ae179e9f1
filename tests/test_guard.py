"""
What happens at the limits, to who comes and to what comes.
"""

from typing import Any

from ratchet_tx import Hub, on
from tests.fakes import FakeProvider, Peer, startedHub

HERE = "8.8.4.4"


class Echo:
    @on("echo")
    def echo(self, event: Any) -> Any:
        return event.payload.data

    @on("ask")
    def ask(self, event: Any) -> None:
        event.connection.ask("x", timeout=1000).addErrback(lambda _: None)


def advance(hub: Hub, seconds: float) -> None:
    hub.clock.advance(seconds)  # type: ignore[attr-defined]


class TestComing:
    def test_inAll(self) -> None:
        """No more come in than there may be, until one goes."""
        hub = startedHub(limits={"connections": 2})
        peers = [Peer(hub), Peer(hub)]
        assert not hub.permit(HERE)
        peers[0].leave()
        assert hub.permit(HERE)

    def test_noLimit(self) -> None:
        """Where the limit is switched off, any number may come."""
        hub = startedHub(limits={"connections": 0})
        for _ in range(100):
            Peer(hub)
        assert hub.permit(HERE)

    def test_notRunning(self) -> None:
        """Nobody comes in to a hub that doesn't run."""
        hub = startedHub()
        hub.stopService()
        assert not hub.permit(HERE)

    def test_perAddress(self) -> None:
        """No more come in from one address than there may be."""
        hub = startedHub(limits={"connectionsPerAddress": 1})
        Peer(hub, address=HERE)
        assert not hub.permit(HERE)
        assert hub.permit("8.8.8.8")

    def test_strangers(self) -> None:
        """No more strangers come in from one address than there may be; who logs in or goes is none any more."""
        hub = startedHub(clientProvider=FakeProvider(a="ada"), limits={"strangersPerAddress": 2})
        ada, other = Peer(hub, address=HERE), Peer(hub, address=HERE)
        assert not hub.permit(HERE)
        ada.logIn("a")
        assert hub.permit(HERE)
        Peer(hub, address=HERE)
        assert not hub.permit(HERE)
        other.leave()
        assert hub.permit(HERE)

    def test_perClient(self) -> None:
        """Of a client with one connection too many, that one is closed which has been silent for the longest."""
        hub = startedHub(Echo(), clientProvider=FakeProvider(a="ada", b="bob"), limits={"connectionsPerClient": 2})
        first, second, third, bob = Peer(hub), Peer(hub), Peer(hub), Peer(hub)
        for peer, token in ((first, "a"), (second, "a"), (bob, "b")):
            peer.logIn(token)
            advance(hub, 1)
        first.emit("echo")
        advance(hub, 1)
        third.logIn("a")
        third.logIn("a")
        assert second.transport.closedWith == (4504, "Too many connections of this client")
        assert [peer.transport.closedWith for peer in (first, third, bob)] == [None] * 3


class TestRate:
    def test_refused(self) -> None:
        """Who sends too fast is refused, and told when he may go on."""
        hub = startedHub(Echo(), limits={"eventsPerSecond": 2, "eventsBurst": 3})
        peer = Peer(hub)
        for id in range(4):
            peer.emit("echo", id=id)
        *replies, refusal = peer.read()
        assert all(reply["data"]["ok"] for reply in replies)
        error = refusal["data"]["error"]
        assert (error["code"], error["retry"], error["after"]) == ("rate.limited", True, 0.5)
        advance(hub, 0.5)
        peer.emit("echo", id=9)
        assert peer.read()[0]["data"]["ok"]
        assert hub.counters.refused == {"rate.limited": 1}

    def test_closed(self) -> None:
        """Who is refused a whole burst of times, without a free second in between, is closed with 4009."""
        hub = startedHub(Echo(), limits={"eventsPerSecond": 1, "eventsBurst": 5})
        patient, impatient = Peer(hub), Peer(hub)
        for _ in range(5 + 4):
            patient.emit("echo")
            impatient.emit("echo")
        advance(hub, 1.5)
        for _ in range(1 + 4):
            patient.emit("echo")
        impatient.emit("echo")
        assert patient.transport.closedWith is None
        assert impatient.transport.closedWith is None
        for _ in range(5):
            impatient.emit("echo")
        assert impatient.transport.closedWith == (4009, "Too many events")

    def test_everythingCosts(self) -> None:
        """Logins and pings cost what events cost; replies to our questions cost nothing, and can't be pretended."""
        hub = startedHub(Echo(), limits={"eventsPerSecond": 1, "eventsBurst": 4})
        peer = Peer(hub)
        peer.emit("ask")
        for _ in range(100):
            peer.emit("socket.reply", {"ok": True}, re="s1")
        peer.emit("socket.ping", id=1)
        peer.logIn("")
        peer.emit("echo", re="s1", id=2)
        peer.read()
        peer.emit("echo", re="s1", id=3)
        assert peer.read()[0]["data"]["error"]["code"] == "rate.limited"
        assert peer.transport.closedWith is None

    def test_socketsPings(self) -> None:
        """WebSocket's own pings cost as much, and who sends too many is answered no more, and then closed."""
        hub = startedHub(limits={"eventsPerSecond": 1, "eventsBurst": 3})
        peer = Peer(hub)
        assert [hub.pinged(peer.connection) for _ in range(6)] == [True] * 3 + [False] * 3
        assert peer.transport.closedWith == (4009, "Too many events")

    def test_off(self) -> None:
        """Where the limit is switched off, events may come as fast as they like."""
        hub = startedHub(Echo(), limits={"eventsBurst": 0})
        peer = Peer(hub)
        for id in range(10_000):
            peer.emit("echo", id=id)
            peer.sendText(b"{")
        assert all(reply["data"]["ok"] for reply in peer.read())
        assert peer.transport.closedWith is None


class TestBadMessages:
    def test_closed(self) -> None:
        """Who sends a whole burst of what isn't messages is closed with 4501; each costs as much as an event."""
        hub = startedHub(Echo(), limits={"eventsPerSecond": 1, "eventsBurst": 3})
        peer = Peer(hub)
        for _ in range(2):
            peer.sendText(b"{")
        peer.emit("echo", id=1)
        peer.emit("echo", id=2)
        assert [reply["data"]["ok"] for reply in peer.read()] == [True, False]
        assert peer.transport.closedWith is None
        peer.sendText(b"{")
        assert peer.transport.closedWith == (4501, "Too many bad messages")
        assert hub.counters.closes == {4501: 1}
