"""
The limits on connections and messages.
"""

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ratchet_tx import Hub, on
from tests.kit.fakes import FakeProvider, Peer, clockOf, startedHub

HERE = "8.8.4.4"


class Echo:
    @on("echo")
    def echo(self, event: Any) -> Any:
        return event.payload.data

    @on("ask")
    def ask(self, event: Any) -> None:
        event.connection.ask("x", timeout=1000).addErrback(lambda _: None)


def advance(hub: Hub, seconds: float) -> None:
    clockOf(hub).advance(seconds)


class TestComing:
    def test_inAll(self) -> None:
        """C{connections} refuses further peers, until one leaves."""
        hub = startedHub(limits={"connections": 2})
        peers = [Peer(hub), Peer(hub)]
        assert hub.peers.permit(HERE)
        peers[0].leave()
        assert hub.peers.permit(HERE) is None

    def test_noLimit(self) -> None:
        """With 0 for the limit, any number may connect."""
        hub = startedHub(limits={"connections": 0})
        for _ in range(100):
            Peer(hub)
        assert hub.peers.permit(HERE) is None

    def test_perAddress(self) -> None:
        """C{connectionsPerAddress} refuses further peers of one address."""
        hub = startedHub(limits={"connectionsPerAddress": 1})
        Peer(hub, address=HERE)
        assert hub.peers.permit(HERE)
        assert hub.peers.permit("8.8.8.8") is None

    def test_strangers(self) -> None:
        """C{strangersPerAddress} refuses further strangers of one address; one that logs in or leaves makes room."""
        hub = startedHub(clientProvider=FakeProvider(a="ada"), limits={"strangersPerAddress": 2})
        ada, other = Peer(hub, address=HERE), Peer(hub, address=HERE)
        assert hub.peers.permit(HERE)
        ada.logIn("a")
        assert hub.peers.permit(HERE) is None
        Peer(hub, address=HERE)
        assert hub.peers.permit(HERE)
        other.leave()
        assert hub.peers.permit(HERE) is None

    def test_perClient(self) -> None:
        """A client with one connection too many loses the one that has been silent for the longest."""
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
        """A peer that sends too fast is refused, and told after how many seconds it may go on."""
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

    @pytest.mark.parametrize("perSecond", [3, 700, 5000])
    def test_retryAfter(self, perSecond: int) -> None:
        """A peer that retries after the time that it was told isn't refused again, however short that is."""
        hub = startedHub(Echo(), limits={"eventsPerSecond": perSecond, "eventsBurst": 2})
        peer = Peer(hub)
        for _ in range(3):
            peer.emit("echo", id=1)
        after = peer.read()[-1]["data"]["error"]["after"]
        advance(hub, after)
        peer.emit("echo", id=2)
        assert peer.read()[0]["data"]["ok"]

    def test_closed(self) -> None:
        """A peer that is refused a whole burst of times, without a second free of it, is closed with 4009."""
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
        """Logins, pings and unasked replies cost what events cost; a reply to an open question costs nothing."""
        hub = startedHub(Echo(), limits={"eventsPerSecond": 1, "eventsBurst": 5})
        peer = Peer(hub)
        peer.emit("ask")
        peer.emit("socket.reply", {"ok": True}, re="s1")
        peer.emit("socket.reply", {"ok": True}, re="s1")
        peer.emit("socket.ping", id=1)
        peer.logIn("")
        peer.emit("echo", re="s1", id=2)
        peer.read()
        peer.emit("echo", re="s1", id=3)
        assert peer.read()[0]["data"]["error"]["code"] == "rate.limited"
        assert peer.transport.closedWith is None

    def test_socketsPings(self) -> None:
        """WebSocket pings cost as much; a peer that sends too many gets no pongs, and is then closed."""
        hub = startedHub(limits={"eventsPerSecond": 1, "eventsBurst": 3})
        peer = Peer(hub)
        assert [hub.peers.pinged(peer.connection) for _ in range(6)] == [True] * 3 + [False] * 3
        assert peer.transport.closedWith == (4009, "Too many events")

    def test_off(self) -> None:
        """With 0 for the limit, events may come at any rate."""
        hub = startedHub(Echo(), limits={"eventsBurst": 0})
        peer = Peer(hub)
        for id in range(10_000):
            peer.emit("echo", id=id)
            peer.sendText(b"{")
        assert all(reply["data"]["ok"] for reply in peer.read())
        assert peer.transport.closedWith is None


class TestBadMessages:
    def test_closed(self) -> None:
        """A peer that sends a whole burst of bad messages is closed with 4501; each costs as much as an event."""
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


class Slow:
    """
    An application whose first handler is slow, so that later events wait.
    """

    def __init__(self) -> None:
        self.work: Deferred[Any] = Deferred()
        self.got: list[Any] = []

    @on("wait")
    def wait(self, event: Any) -> Deferred[Any]:
        return self.work

    @on("echo")
    def echo(self, event: Any) -> Any:
        self.got.append(event.payload.data)
        return len(str(event.payload.data))


class TestPrice:
    """
    The price of long events.
    """

    def test_bytes(self) -> None:
        """A message costs a token more for each 4,096 bytes, but no more than the whole burst."""
        hub = startedHub(Echo(), limits={"eventsPerSecond": 1, "eventsBurst": 20, "messageBytes": 1 << 20})
        peer = Peer(hub)
        peer.sendText(b'{"event":"echo","id":1,"data":"' + b"x" * 4096 * 9 + b'"}')
        for id in range(2, 12):
            peer.emit("echo", id=id)
        peer.sendText(b'{"event":"echo","id":12,"data":1}')
        *replies, refusal = peer.read()
        assert [reply["data"]["ok"] for reply in replies] == [True] * 11
        assert (refusal["re"], refusal["data"]["error"]["code"]) == (12, "rate.limited")
        advance(hub, 20)
        peer.sendText(b'{"event":"echo","id":13,"data":"' + b"x" * (1 << 20) + b'"}')
        assert peer.read()[0]["data"]["ok"]
        peer.emit("echo", id=14)
        assert peer.read()[0]["data"]["error"]["code"] == "rate.limited"

    def test_fragments(self) -> None:
        """A message costs a token more for each sixteen fragments."""
        hub = startedHub(Echo(), limits={"eventsPerSecond": 1, "eventsBurst": 5})
        peer = Peer(hub)
        hub.peers.received(peer.connection, b'{"event":"echo","id":1}', 64)
        hub.peers.received(peer.connection, b'{"event":"echo","id":2}')
        assert [reply["data"]["ok"] for reply in peer.read()] == [True, False]

    def test_unpaid(self) -> None:
        """Of an event that can't be paid only the name and the ids are read, not its data; it gets one reply."""
        hub = startedHub(Echo(), limits={"eventsPerSecond": 1, "eventsBurst": 3})
        peer = Peer(hub)
        for _ in range(3):
            peer.emit("echo")
        peer.sendText(b'{"data":[1e999,{"a":1e999}],"event":"echo","key":5,"id":7}')
        assert [(reply["re"], reply["data"]["error"]["code"]) for reply in peer.read()] == [(7, "rate.limited")]

    def test_free(self) -> None:
        """A free event costs what its length adds."""
        hub = startedHub(Echo(), limits={"eventsPerSecond": 1, "eventsBurst": 4})
        peer = Peer(hub)
        peer.emit("ask")
        peer.sendText(b'{"event":"socket.reply","re":"s1","data":{"ok":true,"result":"' + b"x" * 4096 * 2 + b'"}}')
        for id in (1, 2):
            peer.emit("echo", id=id)
        assert [reply["data"]["ok"] for reply in peer.read() if "re" in reply] == [True, False]

    def test_unaskedReplies(self) -> None:
        """A peer that sends many unasked replies is closed."""
        hub = startedHub(Echo(), limits={"eventsPerSecond": 1, "eventsBurst": 5})
        peer = Peer(hub)
        for _ in range(10):
            peer.emit("socket.reply", {"ok": True}, re="s99")
        assert peer.transport.closedWith == (4009, "Too many events")

    def test_badMessages(self) -> None:
        """The price of a bad message rises with its length, too."""
        hub = startedHub(Echo(), limits={"eventsPerSecond": 1, "eventsBurst": 5})
        peer = Peer(hub)
        peer.sendText(b"[" + b" " * 4096 * 4)
        peer.emit("echo", id=1)
        assert peer.read()[0]["data"]["error"]["code"] == "rate.limited"

    def test_subscribesAgain(self) -> None:
        """Changing the client makes subscribes free at most once in 30 s."""
        limits = {"eventsPerSecond": 1, "eventsBurst": 10, "rooms": 4}
        hub = startedHub(Echo(), clientProvider=FakeProvider(a="ada", b="bob"), limits=limits)
        peer = Peer(hub)
        free = []
        for token in "abab":
            peer.logIn(token)
            free.append(peer.connection.allowance.free)
            peer.connection.allowance.free = 0
        advance(hub, 30)
        peer.logIn("a")
        assert [*free, peer.connection.allowance.free] == [4, 0, 0, 0, 4]


class TestWaiting:
    """
    Messages that wait for their turn.
    """

    def test_raw(self) -> None:
        """Waiting messages are kept as text; what is wrong with them is told when their turn comes, in order."""
        slow = Slow()
        hub = startedHub(slow)
        peer = Peer(hub)
        peer.emit("wait")
        texts = [b'{"event":"echo","id":1,"data":"a"}', b'{"event":"echo","id":2,"data":1e999}', b'{"event":"echo","id":3}']
        texts += [b'{"event":"echo","id":4,"data":"\\ud800"}', b'{"event":5,"id":5}']
        for text in texts:
            peer.sendText(text)
        assert (peer.read(), peer.connection.inbox.bytes) == ([], sum(map(len, texts)))
        slow.work.callback(None)
        assert [(reply["re"], reply["data"].get("error", {}).get("code")) for reply in peer.read()] == [
            (1, None),
            (2, "payload.invalid"),
            (3, None),
            (4, "payload.invalid"),
            (5, "payload.invalid"),
        ]
        assert (slow.got, peer.connection.inbox.bytes) == (["a", None], 0)

    def test_pausedByBytes(self) -> None:
        """Reading pauses for a few long messages as for many short ones, and goes on when they are handled."""
        slow = Slow()
        peer = Peer(startedHub(slow, limits={"eventsPerSecond": 0, "receiveQueueEvents": 8}))
        peer.emit("wait")
        peer.sendText(b'{"event":"echo","data":"' + b"x" * 30_000 + b'"}')
        assert peer.transport.reading
        peer.sendText(b'{"event":"echo","data":"' + b"x" * 3_000 + b'"}')
        assert not peer.transport.reading
        slow.work.callback(None)
        assert peer.transport.reading
        assert len(slow.got) == 2

    def test_replyOvertakes(self) -> None:
        """A reply doesn't wait for the event that asked for it, however long it is."""
        slow = Slow()
        peer = Peer(startedHub(slow))
        peer.emit("wait")
        asked = peer.connection.ask("x")
        peer.sendText(b'{"event":"socket.reply","re":"s1","data":{"ok":true,"result":"' + b"x" * 5000 + b'"}}')
        assert asked.result == "x" * 5000
