"""
Keys of emits: what is sent again isn't handled again.

The rules are in the vectors; here is what they can't show.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copy
from socket import SHUT_RDWR
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from websockets.sync.client import ClientConnection, connect

from ratchet_tx import ConnectionEvent, Hub, PeerError, on
from ratchet_tx.happenings import Dispatched
from ratchet_tx.hub.deduplication import MOST_BYTES, MOST_KEYS
from ratchet_tx.hub.dispatch import MOST_OF_GUESTS
from tests.kit.fakes import FakeProvider, Peer, clockOf, logged, startedHub
from tests.kit.processes import freePort, serving, twistd

PROGRAMS = Path(__file__).parent / "programs"


class Orders:
    """
    Takes orders, and counts how often each kind was handled.

    @ivar waiting: the orders that wait for the test
    @ivar cancelled: how many of these were cancelled
    @ivar refusals: what is raised, as long as there is something
    """

    def __init__(self) -> None:
        self.handled: list[str] = []
        self.waiting: list[Deferred[Any]] = []
        self.cancelled = 0
        self.refusals: list[Exception] = []
        self.list: list[int] = []

    def _later(self, event: Any) -> Deferred[Any]:
        self.handled.append(event.payload.event)
        self.waiting.append(Deferred())
        return self.waiting[-1].addErrback(self._failed)

    def _failed(self, failure: Any) -> Any:
        self.cancelled += failure.check(CancelledError) is not None
        return failure

    @on("now")
    def now(self, event: Any) -> int:
        self.handled.append("now")
        if self.refusals:
            raise self.refusals.pop(0)
        return len(self.handled)

    @on("none")
    def none(self, event: Any) -> None:
        self.handled.append("none")

    @on("later")
    def later(self, event: Any) -> Deferred[Any]:
        return self._later(event)

    @on("beside", ordered=False)
    def beside(self, event: Any) -> Deferred[Any]:
        return self._later(event)

    @on("changing")
    def changing(self, event: Any) -> list[int]:
        self.list.append(1)
        return self.list

    @on("odd")
    def odd(self, event: Any) -> Any:
        self.handled.append("odd")
        return object()

    @on("odd.refusal")
    def oddRefusal(self, event: Any) -> Any:
        self.handled.append("odd.refusal")
        raise PeerError("odd", thing=object())

    @on("typed")
    def typed(self, event: ConnectionEvent[int]) -> Any:
        return [type(event).__name__, event.payload.data, event.payload.key]

    @on("closes")
    def closes(self, event: Any) -> str:
        self.handled.append("closes")
        event.connection.close(4000)
        return "done"


@pytest.fixture
def orders() -> Orders:
    return Orders()


@pytest.fixture
def hub(orders: Orders) -> Hub:
    return startedHub(orders, clientProvider=FakeProvider(ada="ada", again="ada", bob="bob"))


def arrive(hub: Hub, token: str = "ada", version: int = 1) -> Peer:
    peer = Peer(hub)
    peer.logIn(token, v=version)
    peer.read()
    return peer


def advance(hub: Hub, seconds: float) -> None:
    clockOf(hub).advance(seconds)


def replies(peer: Peer) -> dict[int, Any]:
    """
    Read the replies by their ids: each result, or the code of a refusal.
    """
    found = {frame["re"]: frame["data"] for frame in peer.read() if frame["event"] == "socket.reply"}
    return {id: data["result"] if data["ok"] else data["error"]["code"] for id, data in found.items()}


def emit(peer: Peer, event: str, *ids: int | None, key: str = "k") -> dict[int, Any]:
    """
    Send an event again and again, with these ids.

    @return: the replies that have come
    """
    for id in ids:
        peer.emit(event, id=id, key=key)
    return replies(peer)


class TestRepeats:
    def test_notAgain(self, hub: Hub, orders: Orders) -> None:
        """What comes again is counted as that, and nobody hears that it was handled; the reply may be null, too."""
        dispatched: list[Any] = []
        hub.observe(dispatched.append, Dispatched)
        ada = arrive(hub)
        assert emit(ada, "none", 1, 2, None) == {1: None, 2: None}
        assert (orders.handled, len(dispatched)) == (["none"], 1)
        assert (hub.counters.dispatched, hub.counters.repeated) == (1, 2)

    def test_theFirstOnesReply(self, hub: Hub, orders: Orders) -> None:
        """The reply is what it was, whatever became of the object that the handler gave."""
        assert emit(arrive(hub), "changing", 1) == {1: [1]}
        orders.list.append(2)
        assert emit(arrive(hub), "changing", 2) == {2: [1]}

    def test_withoutId(self, hub: Hub, orders: Orders) -> None:
        """Neither the first nor a repeat needs an id; who has none isn't answered, and who comes later with one is."""
        ada = arrive(hub)
        assert emit(ada, "later", None) == {}
        other = arrive(hub)
        assert emit(other, "later", None) == {}
        other.emit("none", id=2)
        orders.waiting[0].callback("done")
        assert replies(other) == {2: None}
        assert emit(other, "later", 3) == {3: "done"}
        assert ada.read() == []
        assert orders.handled == ["later", "none"]

    def test_manyWait(self, hub: Hub, orders: Orders) -> None:
        """However many wait for the first one, each is answered once, where it came from."""
        peers = [arrive(hub) for _ in range(5)]
        for number, peer in enumerate(peers):
            assert emit(peer, "beside", 2 * number, 2 * number + 1) == {}
        orders.waiting[0].callback("done")
        for number, peer in enumerate(peers):
            assert replies(peer) == {2 * number: "done", 2 * number + 1: "done"}
        assert orders.handled == ["beside"]

    def test_inTheLine(self, hub: Hub, orders: Orders) -> None:
        """What is sent again on the same connection waits its turn, and finds the first one handled."""
        ada = arrive(hub)
        assert emit(ada, "later", 1, 2) == {}
        ada.emit("none", id=3)
        orders.waiting[0].callback("done")
        assert [frame["re"] for frame in ada.read()] == [1, 2, 3]
        assert orders.handled == ["later", "none"]

    def test_whoTakesTypes(self, hub: Hub) -> None:
        """A handler gets what it always gets, and may look at the key."""
        ada = arrive(hub)
        ada.emit("typed", 5, id=1, key="k")
        assert replies(ada) == {1: ["ConnectionEvent", 5, "k"]}

    def test_closedByTheHandler(self, hub: Hub, orders: Orders) -> None:
        """What was handled and couldn't be answered, because the connection was closed, is answered on the next one."""
        ada = arrive(hub)
        assert emit(ada, "closes", 1) == {}
        ada.leave()
        assert emit(arrive(hub), "closes", 2) == {2: "done"}
        assert orders.handled == ["closes"]


class TestRefusals:
    def test_retry(self, hub: Hub, orders: Orders) -> None:
        """What may succeed later is handled again; what may not isn't."""
        ada = arrive(hub)
        orders.refusals = [PeerError("busy", retry=True), PeerError("busy", retry=True)]
        assert emit(ada, "now", 1, 2, 3, 4) == {1: "busy", 2: "busy", 3: 3, 4: 3}
        orders.refusals = [PeerError("full")]
        assert emit(ada, "now", 5, 6, key="l") == {5: "full", 6: "full"}
        assert len(orders.handled) == 4
        assert hub.counters.refused == {"busy": 2, "full": 2}

    def test_whileTheyWait(self, hub: Hub, orders: Orders) -> None:
        """Who waits for the first one is refused as that one, be it that all may come again."""
        one, other = arrive(hub), arrive(hub)
        for refusal in (PeerError("full", seat=5), PeerError("busy", retry=True)):
            assert emit(one, "later", 1, key=refusal.code) == emit(other, "later", 2, key=refusal.code) == {}
            orders.waiting[-1].errback(refusal)
            assert (replies(one), replies(other)) == ({1: refusal.code}, {2: refusal.code})
        assert emit(other, "later", 3, key="busy") == {}
        assert len(orders.handled) == 3

    def test_failing(self, hub: Hub, orders: Orders) -> None:
        """A handler that fails is logged once, and has failed for whoever sends it again, by the same reference."""
        with logged() as lines:
            orders.refusals = [ValueError("broken")]
            one = arrive(hub).ask("nothing")
            ada = arrive(hub)
            ada.emit("now", id=1, key="k")
            ada.emit("now", id=2, key="k")
        first, second = ada.read()
        assert first["data"] == second["data"]
        assert first["data"]["error"]["ref"] in "".join(lines)
        assert sum("ValueError: broken" in line for line in lines) == 1
        assert one["code"] == "event.unknown"

    @pytest.mark.parametrize("event", ["odd", "odd.refusal"])
    def test_odd(self, hub: Hub, orders: Orders, event: str) -> None:
        """A handler that gives what isn't JSON, or refuses with it, has failed, whether or not anybody asked."""
        ada = arrive(hub)
        assert emit(ada, event, None, 1, 2) == {1: "handler.failed", 2: "handler.failed"}
        assert orders.handled == [event]

    def test_told(self, hub: Hub, orders: Orders) -> None:
        """A peer of version 2 is told each time that its event was refused, where it has no id."""
        ada = arrive(hub, version=2)
        orders.refusals = [PeerError("full", "No seat")]
        for _ in range(2):
            ada.emit("now", key="k")
        told = {"event": "socket.refused", "data": {"event": "now", "code": "full", "message": "No seat"}}
        assert ada.read() == [told, told]

    def test_unknown(self, hub: Hub) -> None:
        """Who may not use an event isn't told what came of it, whoever sent it before."""
        assert emit(Peer(hub), "now", 1) == {1: "auth.required"}
        assert emit(arrive(hub), "nothing", 1, 2) == {1: "event.unknown", 2: "event.unknown"}
        assert (hub.counters.repeated, len(hub.parts.deduplication)) == (0, 0)


class TestLost:
    """
    The first one's connection ends before it is handled.
    """

    def test_itGoesOn(self, hub: Hub, orders: Orders) -> None:
        """Its handler isn't cancelled, and its outcome is the reply when it is sent again, then or later."""
        first, one, other = arrive(hub), arrive(hub), arrive(hub)
        for number, peer in enumerate((first, one)):
            assert emit(peer, "later", number) == {}
        first.leave(1006, clean=False)
        assert emit(other, "later", 2) == {}
        assert (orders.handled, orders.cancelled) == (["later"], 0)
        orders.waiting[0].callback("done")
        assert (replies(one), replies(other)) == ({1: "done"}, {2: "done"})
        assert first.read() == []
        assert emit(arrive(hub), "later", 5) == {5: "done"}
        assert orders.handled == ["later"]

    def test_beside(self, hub: Hub, orders: Orders) -> None:
        """Handlers beside the line go on, too, were there ever so many; those of events without a key are cancelled."""
        first = arrive(hub)
        for number in range(5):
            emit(first, "beside", number, key=f"k{number}")
        first.emit("beside", id=9)
        first.leave(1006, clean=False)
        assert orders.cancelled == 1
        for number in range(5):
            orders.waiting[number].callback(number)
        assert [emit(arrive(hub), "beside", 1, key=f"k{number}") for number in range(5)] == [{1: each} for each in range(5)]

    def test_aGuests(self, orders: Orders) -> None:
        """A guest's goes on, too, though nobody can ask for what came of it."""
        hub = startedHub(orders)
        guest = Peer(hub)
        emit(guest, "later", 1)
        guest.leave(1006, clean=False)
        assert orders.cancelled == 0
        orders.waiting[0].callback("done")
        assert len(hub.parts.deduplication) == 0
        assert clockOf(hub).getDelayedCalls() == []

    def test_manyGuests(self, orders: Orders) -> None:
        """Guests who come and go leave so many of them behind, and no more; there is room again when these are done."""
        hub = startedHub(orders)
        for number in range(10):
            guest = Peer(hub)
            for key in range(30):
                emit(guest, "beside", 1, key=f"{number} {key}")
            guest.leave(1006, clean=False)
        assert (len(orders.handled), orders.cancelled) == (300, 300 - MOST_OF_GUESTS)
        for each in orders.waiting[:10]:
            each.callback("done")
        guest = Peer(hub)
        for key in range(20):
            emit(guest, "beside", 1, key=f"{key}")
        guest.leave(1006, clean=False)
        assert orders.cancelled == 300 - MOST_OF_GUESTS + 10

    def test_failsLater(self, hub: Hub, orders: Orders) -> None:
        """Where it fails afterwards, that is logged and is the reply to who sends it again."""
        first = arrive(hub)
        emit(first, "later", 1)
        first.leave(1006, clean=False)
        with logged() as lines:
            orders.waiting[0].errback(ValueError("broken"))
        assert sum("ValueError: broken" in line for line in lines) == 1
        assert emit(arrive(hub), "later", 2) == {2: "handler.failed"}
        assert orders.handled == ["later"]

    def test_retriesLater(self, hub: Hub, orders: Orders) -> None:
        """Where it refuses afterwards for now only, it is handled again."""
        first = arrive(hub)
        emit(first, "later", 1)
        first.leave(1006, clean=False)
        orders.waiting[0].errback(PeerError("busy", retry=True))
        assert emit(arrive(hub), "later", 2) == {}
        assert orders.handled == ["later"] * 2

    def test_emitsIntoTheVoid(self, hub: Hub, orders: Orders) -> None:
        """What it says to its own peer afterwards is counted, and what it says to others arrives."""
        first, bob = arrive(hub), arrive(hub, "bob")
        emit(first, "later", 1)
        first.leave(1006, clean=False)
        lost = hub.counters.lost
        first.connection.emit("news", 1)
        first.connection.join("room")
        first.connection.broadcast("news", 2)
        assert (first.read(), first.connection.rooms, hub.counters.lost) == ([], (), lost + 1)
        assert [frame["data"] for frame in bob.read()] == [2]

    def test_tooLong(self, hub: Hub, orders: Orders) -> None:
        """It has handlerSeconds from its beginning, and that it took too long is remembered: it isn't handled again."""
        first = arrive(hub)
        emit(first, "later", 1)
        advance(hub, 20)
        first.leave(1006, clean=False)
        advance(hub, 9.9)
        assert orders.cancelled == 0
        advance(hub, 0.1)
        assert orders.cancelled == 1
        ada = arrive(hub)
        ada.emit("later", id=2, key="k")
        (reply,) = ada.read()
        assert (reply["data"]["error"]["code"], reply["data"]["error"]["retry"]) == ("handler.timeout", False)
        assert orders.handled == ["later"]

    def test_inTheLine(self, hub: Hub, orders: Orders) -> None:
        """What was still standing in line is gone with its connection; it was never the first."""
        first = arrive(hub)
        emit(first, "later", 1, key="j")
        emit(first, "now", 2)
        first.leave(1006, clean=False)
        assert emit(arrive(hub), "now", 1) == {1: 2}
        assert orders.handled == ["later", "now"]

    def test_whoWaits(self, hub: Hub, orders: Orders) -> None:
        """Who waits may go; the first one is handled all the same."""
        first, other = arrive(hub), arrive(hub)
        emit(first, "later", 1)
        emit(other, "later", 1)
        other.leave(1006, clean=False)
        orders.waiting[0].callback("done")
        assert replies(first) == {1: "done"}
        assert (orders.handled, orders.cancelled, other.read()) == (["later"], 0, [])

    def test_onTheSameConnection(self, hub: Hub, orders: Orders) -> None:
        """Where those who wait are lost with the first one, nothing is begun for them."""
        ada = arrive(hub)
        emit(ada, "beside", 1, 2, 3)
        ada.leave(1006, clean=False)
        orders.waiting[0].callback("done")
        assert (orders.handled, orders.cancelled, ada.read()) == (["beside"], 0, [])

    def test_becameAnother(self, hub: Hub, orders: Orders) -> None:
        """All who wait are answered, as they asked; as somebody else they have keys of their own."""
        first, other = arrive(hub), arrive(hub)
        emit(first, "beside", 1)
        emit(other, "beside", 1)
        other.logIn("bob")
        other.read()
        assert emit(other, "beside", 2) == {}
        assert len(orders.handled) == 2
        first.leave(1006, clean=False)
        orders.waiting[0].callback("ada's")
        orders.waiting[1].callback("bob's")
        assert replies(other) == {1: "ada's", 2: "bob's"}


class TestMemory:
    def test_oldestGo(self, hub: Hub, orders: Orders) -> None:
        """Of one client so many keys are remembered; the oldest go first, and nobody else's."""
        bob = arrive(hub, "bob")
        emit(bob, "none", 1)
        ada = arrive(hub)
        for number in range(MOST_KEYS):
            advance(hub, 0.1)
            emit(ada, "none", 1, key=f"k{number}")
        emit(ada, "none", 1, key="k0")
        assert (len(orders.handled), MOST_KEYS) == (1 + MOST_KEYS, 256)
        emit(ada, "none", 1, key="new")
        advance(hub, 1)
        emit(ada, "none", 1, key="k1")
        emit(bob, "none", 1)
        assert len(orders.handled) == 2 + MOST_KEYS
        emit(ada, "none", 1, key="k0")
        assert len(orders.handled) == 3 + MOST_KEYS

    def test_whatIsBeingHandledStays(self, hub: Hub, orders: Orders) -> None:
        """However many other keys come, what is still being handled isn't handled a second time beside itself."""
        ada = arrive(hub)
        emit(ada, "beside", 1, key="slow")
        for number in range(MOST_KEYS + 50):
            advance(hub, 0.05)
            emit(ada, "none", 1, key=f"k{number}")
        assert emit(ada, "beside", 2, key="slow") == {}
        orders.waiting[0].callback("done")
        assert replies(ada) == {1: "done", 2: "done"}
        assert orders.handled.count("beside") == 1

    def test_allAreBeingHandled(self, hub: Hub, orders: Orders) -> None:
        """Where so many are being handled that no other can be remembered, one more is refused for now."""
        for number in range(MOST_KEYS):
            if not number % 50:
                ada = arrive(hub)
            emit(ada, "beside", 1, key=f"k{number}")
            ada.leave(1006, clean=False) if number % 50 == 49 else None
        ada = arrive(hub)
        assert emit(ada, "none", 1, key="more") == {1: "rate.limited"}
        assert "none" not in orders.handled
        orders.waiting[7].callback("done")
        assert emit(ada, "none", 2, key="more") == {2: None}

    def test_largeResults(self, orders: Orders) -> None:
        """Of results that take too many bytes the oldest are dropped, and what is sent again isn't handled again."""
        hub = startedHub(orders, clientProvider=FakeProvider(ada="ada"), limits={"messageBytes": 0})
        ada = arrive(hub)
        large = "x" * 300_000
        for number in range(5):
            emit(ada, "later", 1, key=f"k{number}")
            orders.waiting[-1].callback(large)
        ada.read()
        replied = [emit(ada, "later", 2, key=f"k{number}")[2] for number in range(5)]
        assert replied == ["reply.lost", "reply.lost", large, large, large]
        assert 900_000 < hub.parts.deduplication.size < 1_000_000
        assert (len(orders.handled), len(hub.parts.deduplication)) == (5, 1)
        advance(hub, 121)
        assert hub.parts.deduplication.size == 0

    def test_oneIsTooLarge(self, hub: Hub, orders: Orders) -> None:
        """A result that is too large alone costs no other its own; a refusal's facts count, too."""
        ada = arrive(hub)
        emit(ada, "now", 1)
        for key, outcome in (("l", "x" * MOST_BYTES), ("m", PeerError("full", seats="x" * MOST_BYTES))):
            emit(ada, "later", 1, key=key)
            orders.waiting[-1].callback(outcome) if isinstance(outcome, str) else orders.waiting[-1].errback(outcome)
            ada.read()
            ada.emit("later", id=2, key=key)
            (reply,) = ada.read()
            error = reply["data"]["error"]
            assert (error["code"], error["retry"]) == ("reply.lost", False)
        assert emit(ada, "now", 2) == {2: 1}
        assert 0 < hub.parts.deduplication.size < 10_000

    def test_nothingIsLeft(self, hub: Hub) -> None:
        """Of a client that sends no keys any more nothing is left after dedupSeconds, and no timer either."""
        ada = arrive(hub)
        emit(ada, "none", 1)
        ada.leave()
        assert len(hub.parts.deduplication) == 1
        advance(hub, 119)
        emit(arrive(hub), "none", 1)
        advance(hub, 119)
        assert len(hub.parts.deduplication) == 1
        advance(hub, 1)
        assert len(hub.parts.deduplication) == 0
        assert clockOf(hub).getDelayedCalls() == []

    def test_anonymous(self, orders: Orders) -> None:
        """Nothing is left of an anonymous client when its connection ends, nor is it taken for another's."""
        hub = startedHub(orders)
        peers = [Peer(hub) for _ in range(10)]
        assert [emit(peer, "now", 1, 1) for peer in peers] == [{1: number} for number in range(1, 11)]
        assert len(hub.parts.deduplication) == 10
        for peer in peers:
            peer.leave()
        assert len(hub.parts.deduplication) == 0
        assert clockOf(hub).getDelayedCalls() == []

    def test_off(self, orders: Orders) -> None:
        """Switched off by 0, nothing is remembered."""
        hub = startedHub(orders, limits={"dedupSeconds": 0})
        assert emit(Peer(hub), "now", 1, 2) == {1: 1, 2: 2}
        assert (len(hub.parts.deduplication), hub.counters.repeated) == (0, 0)

    def test_withoutKeys(self, hub: Hub) -> None:
        """Where no key is sent, nothing is remembered, and nothing has to be made for it."""
        ada = arrive(hub)
        ada.ask("now")
        assert (len(hub.parts.deduplication), hub.counters.repeated) == (0, 0)


class TestDraining:
    def test_whoWaits(self, hub: Hub, orders: Orders) -> None:
        """A hub that stops handles what it was sent, answers who sent it again, and closes them after that."""
        first, other = arrive(hub), arrive(hub)
        emit(first, "later", 1)
        emit(other, "later", 2)
        stopped = hub.stopService()
        assert first.transport.closedWith is other.transport.closedWith is None
        orders.waiting[0].callback("done")
        assert (replies(first), replies(other)) == ({1: "done"}, {2: "done"})
        assert first.transport.closedWith == other.transport.closedWith == (1001, "Going away")
        first.leave()
        other.leave()
        assert stopped.called
        assert clockOf(hub).getDelayedCalls() == []
        assert len(hub.parts.deduplication) == 0

    def test_lostMeanwhile(self, hub: Hub, orders: Orders) -> None:
        """If the first one is lost while the hub stops, it is handled all the same, for it was sent before."""
        first, other = arrive(hub), arrive(hub)
        emit(first, "later", 1)
        emit(other, "later", 2)
        hub.stopService()
        first.leave(1006, clean=False)
        orders.waiting[0].callback("done")
        assert replies(other) == {2: "done"}
        other.leave()
        assert len(hub.parts.deduplication) == 0

    def test_nobodyIsLeft(self, hub: Hub, orders: Orders) -> None:
        """A hub that stops waits for what goes on without its connection, for drainSeconds at most."""
        for key in "kl":
            ada = arrive(hub)
            emit(ada, "later", 1, key=key)
            ada.leave(1006, clean=False)
        stopped = hub.stopService()
        orders.waiting[0].callback("done")
        assert not stopped.called
        advance(hub, 25)
        assert stopped.called
        assert orders.cancelled == 1

    def test_overdue(self, hub: Hub, orders: Orders) -> None:
        """What is dropped in the end is dropped for all: nothing is begun in its place."""
        first, other = arrive(hub), arrive(hub)
        emit(first, "later", 1)
        emit(other, "later", 2)
        hub.stopService()
        advance(hub, 25)
        assert first.transport.aborted
        assert other.transport.aborted
        assert (orders.handled, orders.cancelled) == (["later"], 1)
        first.leave(1006, clean=False)
        other.leave(1006, clean=False)
        assert (orders.handled, len(hub.parts.deduplication)) == (["later"], 0)


def say(peer: ClientConnection, event: str, data: Any = None, **keys: Any) -> None:
    peer.send(json.dumps({"event": event, "data": data, **keys}))


def hear(peer: ClientConnection) -> Any:
    return json.loads(peer.recv(timeout=20))


def ask(peer: ClientConnection, event: str, data: Any = None, **keys: Any) -> Any:
    say(peer, event, data, id=1, **keys)
    return hear(peer)["data"]["result"]


def test_overTheNetwork(tmp_path: Path) -> None:
    """A client whose connection breaks sends again on the next what it has no reply for, and each order is done once."""
    copy(PROGRAMS / "shop.py", tmp_path / "shop.py")
    port = freePort()
    words = ["--application", "shop.Shop", "--provider", "shop.Users", "--limit", "dedupSeconds=600"]
    command = twistd("-n", "--pidfile=", "--reactor=asyncio", "ratchet", "--port", str(port), *words)
    with serving(command, port, tmp_path) as server:

        @contextmanager
        def comes(name: str) -> Iterator[ClientConnection]:
            with connect(server.socketUrl) as peer:
                say(peer, "socket.auth.request", name)
                assert hear(peer)["data"] == name
                yield peer

        with comes("ada") as first, comes("ada") as other, comes("bob") as bob:
            assert ask(first, "order", key="k") == 1
            first.close()
            assert ask(other, "order", key="k") == 1
            assert ask(bob, "order", key="k") == 2
        with comes("ada") as first, comes("ada") as other:
            say(first, "slow", 0.3, key="s")
            assert hear(first) == {"event": "begun", "data": 3}
            assert ask(other, "slow", 0.3, key="s") == 3
            say(first, "slow", 2, key="t")
            assert hear(first) == {"event": "begun", "data": 4}
            say(other, "slow", 2, id=1, key="t")
            # It waits for the first, whose connection is lost now, and which goes on.
            with suppress(OSError):
                first.socket.shutdown(SHUT_RDWR)
            assert ask(other, "counts") == [4, 1, 0]
            assert hear(other)["data"]["result"] == 4
        with comes("ada") as other:
            assert ask(other, "slow", 2, key="t") == 4
            assert ask(other, "counts") == [4, 2, 0]
            say(other, "slow", 1, key="u")
            assert hear(other) == {"event": "begun", "data": 5}
            with suppress(OSError):
                other.socket.shutdown(SHUT_RDWR)
        # A server that stops waits for what goes on, and for nothing else.
        output = server.stop()
        assert "Traceback" not in output
        assert "done 5" in output
