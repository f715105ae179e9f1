"""
Delayed logins of addresses that sent wrong tokens.
"""

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from ratchet_tx import Hub, PeerError, Settings
from ratchet_tx.limits.loginthrottle import AT_ONCE, LoginThrottle
from ratchet_tx.monitoring.counters import Counters
from tests.kit.fakes import FakeProvider, Peer, clockOf, failed, logged, override, startedHub

HERE, ELSEWHERE = "8.8.4.4", "8.8.8.8"

WRONG = PeerError("auth.invalid", "Invalid access token.")


class Node:
    """
    Decides logins, and records which ones and when.
    """

    def __init__(self, everywhere: bool = False) -> None:
        self.clock = Clock()
        self.counters = Counters()
        self.loginThrottle = LoginThrottle(everywhere, self.counters, self.clock)
        self.decided: list[tuple[float, str]] = []

    def ask(self, name: str, result: Any = WRONG, address: str = HERE, mayWait: bool = True) -> Any:
        def find() -> Any:
            self.decided.append((self.clock.seconds(), name))
            return result

        return self.loginThrottle.decide(address, find, mayWait)

    def fail(self, times: int, address: str = HERE) -> None:
        for _ in range(times):
            assert self.ask("guess", address=address) is WRONG
        self.decided.clear()


def test_someAtOnce() -> None:
    """The first 20 wrong tokens delay nothing; after them an address's logins are decided one per second, in order."""
    node = Node()
    node.fail(AT_ONCE)
    results: list[Any] = []
    for name in "abc":
        node.ask(name).addCallback(results.append)
    assert node.decided == []
    node.clock.pump([0.25] * 12)
    assert node.decided == [(1.0, "a"), (2.0, "b"), (3.0, "c")]
    assert results == [WRONG] * 3
    assert node.counters.delayed == 3
    assert node.clock.getDelayedCalls() == []


def test_others() -> None:
    """Other addresses aren't delayed."""
    node = Node()
    node.fail(AT_ONCE)
    assert node.ask("a", "ada", address=ELSEWHERE) == "ada"


def test_goodTokens() -> None:
    """Good tokens take nothing, however many there are, before and between wrong ones."""
    node = Node()
    for _ in range(1000):
        assert node.ask("a", "ada") == "ada"
    node.fail(AT_ONCE - 1)
    for _ in range(1000):
        assert node.ask("a", "ada") == "ada"
    node.fail(1)
    assert isinstance(node.ask("a", "ada"), Deferred)


def test_goodTokensBetween() -> None:
    """A good token among the waiting ones gives its second back."""
    node = Node()
    node.fail(AT_ONCE)
    for _ in range(5):
        node.ask("a", "ada")
    node.clock.pump([1] * 5)
    node.fail(5)
    assert isinstance(node.ask("a"), Deferred)


def test_forgottenWithTime() -> None:
    """With each second one wrong token is forgotten."""
    node = Node()
    node.fail(AT_ONCE)
    node.clock.advance(3)
    node.fail(3)
    assert isinstance(node.ask("a", "ada"), Deferred)
    node.clock.advance(100)
    node.fail(AT_ONCE)


def test_manyAtOnce() -> None:
    """Wrong tokens that are decided at the same time count one by one."""
    node = Node()
    asked: list[Deferred[Any]] = [Deferred() for _ in range(AT_ONCE + 5)]
    for each in asked:
        node.ask("a", each)
    for each in asked:
        each.callback(WRONG)
    node.decided.clear()
    waves: list[Deferred[Any]] = [Deferred() for _ in range(10)]
    for each in waves:
        node.ask("b", each)
    for _ in range(20):
        node.clock.advance(1)
    assert [when for when, _ in node.decided] == [float(second) for second in range(6, 16)]


def test_countedWhileDecided() -> None:
    """After a first wrong token, logins count already while they are being decided."""
    node = Node()
    node.fail(1)
    for _ in range(AT_ONCE - 1):
        node.ask("a", Deferred())
    node.ask("b", "ada")
    assert len(node.decided) == AT_ONCE - 1


def test_cancelled() -> None:
    """A login whose connection ends while it waits is never decided, leaves no timer, and makes room for the next."""
    node = Node()
    node.fail(AT_ONCE)
    first, second = node.ask("a"), node.ask("b")
    first.cancel()
    assert isinstance(failed(first), CancelledError)
    second.addErrback(lambda _: None)
    second.cancel()
    assert node.clock.getDelayedCalls() == []
    node.ask("c")
    node.clock.advance(1)
    assert [name for _, name in node.decided] == ["c"]


def test_cancelledLookup() -> None:
    """A lookup is cancelled when its connection ends."""
    node = Node()
    node.fail(AT_ONCE)
    cancelled: list[Any] = []
    asked: Deferred[Any] = Deferred(cancelled.append)
    waiting = node.ask("a", asked.addErrback(lambda _: PeerError("auth.unavailable")))
    node.clock.advance(1)
    waiting.cancel()
    assert cancelled == [asked]


def test_unavailable() -> None:
    """A login that couldn't be decided doesn't count as a wrong token."""
    node = Node()
    for _ in range(AT_ONCE * 2):
        assert node.ask("a", PeerError("auth.unavailable")).code == "auth.unavailable"


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "unix"])
def test_private(address: str) -> None:
    """A private address may be a proxy's, so its logins don't wait, unless proxies tell the peers' addresses."""
    node = Node()
    node.fail(AT_ONCE * 2, address)
    node = Node(everywhere=True)
    node.fail(AT_ONCE, address)
    assert isinstance(node.ask("a", address=address), Deferred)


def test_manyAddresses() -> None:
    """However many addresses guess, only those of the last seconds are remembered."""
    node = Node(everywhere=True)
    for number in range(20_000):
        node.fail(1, f"host {number}")
        node.clock.advance(0.01)
    assert len(node.loginThrottle._buckets) < 3000


def test_forgottenMeanwhile() -> None:
    """Giving back to a forgotten address does nothing."""
    node = Node(everywhere=True)
    node.fail(1)
    asked: Deferred[Any] = Deferred()
    node.ask("a", asked)
    node.clock.advance(100)
    for number in range(2000):
        node.fail(1, f"host {number}")
    assert HERE not in node.loginThrottle._buckets
    asked.callback("ada")
    node.fail(AT_ONCE)
    assert isinstance(node.ask("a"), Deferred)


def test_dropped() -> None:
    """C{drop} cancels the waiting logins, and without C{mayWait} a login that would have to wait is cancelled."""
    node = Node()
    node.fail(AT_ONCE)
    waiting = node.ask("a")
    node.loginThrottle.drop()
    assert isinstance(failed(waiting), CancelledError)
    assert isinstance(failed(node.ask("b", mayWait=False)), CancelledError)
    assert node.ask("c", "ada", address=ELSEWHERE, mayWait=False) == "ada"
    assert node.clock.getDelayedCalls() == []
    assert [name for _, name in node.decided] == ["c"]


class TestLogins:
    """
    Delayed logins, as peers see them.
    """

    def guessed(self, **arguments: Any) -> Hub:
        """
        Make a hub that received as many wrong tokens from here as delay nothing yet.
        """
        hub = startedHub(clientProvider=FakeProvider(a="ada"), **arguments)
        for _ in range(AT_ONCE // 4):
            peer = Peer(hub, address=HERE)
            for _ in range(4):
                peer.logIn("wrong")
            assert len(peer.read()) == 4
            peer.leave()
        return hub

    def test_answeredLater(self) -> None:
        """A delayed login is answered later, and events behind it after it; pings are answered meanwhile."""
        hub = self.guessed()
        peer = Peer(hub, address=HERE)
        peer.logIn("a")
        peer.emit("nothing", id=1)
        peer.emit("socket.ping", id=2)
        assert [frame["re"] for frame in peer.read()] == [2]
        assert Peer(hub, address=ELSEWHERE).read() == []
        clockOf(hub).advance(1)
        success, unknown = peer.read()
        assert success["event"] == "socket.auth.success"
        assert unknown["data"]["error"]["code"] == "event.unknown"
        assert hub.counters.delayed == 1

    def test_byManyConnections(self) -> None:
        """One guess a second is decided, over any number of connections; token refreshes are guesses, too."""
        hub = self.guessed(limits={"loginSeconds": 0})
        peers = [Peer(hub, address=HERE) for _ in range(50)]
        for number, peer in enumerate(peers):
            if number % 2:
                peer.logIn("wrong")
            else:
                peer.emit("socket.auth.refresh", {"token": "wrong"}, id=1)
        for second in range(1, 51):
            clockOf(hub).advance(1)
            assert sum(len(peer.read()) for peer in peers[:second]) == 1

    def test_emptyToken(self) -> None:
        """An empty token isn't a guess."""
        hub = self.guessed()
        peer = Peer(hub, address=HERE)
        peer.logIn("")
        assert peer.read()[0]["event"] == "socket.auth.failure"

    @pytest.mark.parametrize("ending", ["leave", "close", "kick"])
    def test_gone(self, ending: str) -> None:
        """A waiting login ends with its connection: the provider isn't asked, and nothing is left or logged."""
        hub = self.guessed()
        asked: list[str] = []
        override(hub.clientProvider, findByAccessToken=asked.append)
        peer = Peer(hub, address=HERE)
        peer.logIn("a")
        with logged() as lines:
            if ending == "close":
                peer.connection.close(1000)
            elif ending == "kick":
                peer.connection.close(4503)
                peer.leave()
            elif ending == "leave":
                peer.leave(1006, "", clean=False)
            clockOf(hub).advance(2)
        assert asked == []
        assert lines == []
        assert peer.read() == []
        peer.leave()
        assert clockOf(hub).getDelayedCalls() == []

    def test_draining(self) -> None:
        """A drain doesn't wait for delayed logins nor for events behind them, but for all others."""
        hub = self.guessed()
        peer = Peer(hub, address=HERE)
        for _ in range(3):
            peer.logIn("a")
        peer.emit("nothing", id=1)
        with logged() as lines:
            hub.stopService()
        assert [frame["re"] for frame in peer.read()] == [1]
        assert peer.transport.closedWith == (1001, "Going away")
        peer.leave()
        assert lines == []
        assert clockOf(hub).getDelayedCalls() == []

    def test_trusted(self) -> None:
        """With trusted proxies an address is what they say it is, even a private one."""
        hub = Hub(FakeProvider(), clock=Clock(), settings=Settings(trustForwarded=1))
        hub.startService()
        for _ in range(AT_ONCE // 4):
            peer = Peer(hub, address="10.0.0.1")
            for _ in range(4):
                peer.logIn("wrong")
        peer = Peer(hub, address="10.0.0.1")
        peer.logIn("wrong")
        assert peer.read() == []

    def test_tooLong(self) -> None:
        """A login whose turn is later than loginSeconds is refused at once; the connection stays and may log in later."""
        hub = self.guessed(limits={"loginSeconds": 10, "strangersPerAddress": 0})
        for _ in range(40):
            Peer(hub, address=HERE).logIn("wrong")
        ada = Peer(hub, address=HERE)
        ada.logIn("a", id=1)
        (failure,) = ada.read()
        assert failure["data"]["code"] == "auth.unavailable"
        assert (failure["data"]["retry"], failure["data"]["after"]) == (True, 1)
        assert hub.parts.loginThrottle.waiting == 10
        for _ in range(12):
            clockOf(hub).advance(failure["data"]["after"])
            ada.logIn("a")
            if not (frames := ada.read()):
                break
            (failure,) = frames
            assert failure["event"] == "socket.auth.failure"
        clockOf(hub).advance(10)
        assert ada.read()[-1]["event"] == "socket.auth.success"
        assert ada.transport.closedWith is None

    def test_loginSecondsBeginAfterTheWait(self) -> None:
        """A stranger isn't closed while its login waits, and has the whole loginSeconds afterwards."""
        hub = self.guessed(limits={"loginSeconds": 10, "strangersPerAddress": 0})
        for _ in range(9):
            Peer(hub, address=HERE).logIn("wrong")
        ada, eve = Peer(hub, address=HERE), Peer(hub, address=HERE)
        clockOf(hub).advance(5)
        for _ in range(4):
            Peer(hub, address=HERE).logIn("wrong")
        ada.logIn("a")
        eve.logIn("wrong")
        clockOf(hub).pump([1] * 9)
        assert ada.read()[0]["event"] == "socket.auth.success"
        clockOf(hub).pump([1] * 10)
        assert ada.transport.closedWith is None
        clockOf(hub).pump([1] * 10)
        assert eve.transport.closedWith == (4502, "Not logged in in time")

    def test_loggedInClient(self) -> None:
        """A logged-in client renews its token at once, whatever others at the address send; but no second guess is free."""
        hub = startedHub(clientProvider=FakeProvider(a="ada", n="ada"))
        ada = Peer(hub, address=HERE)
        ada.logIn("a")
        for _ in range(AT_ONCE):
            Peer(hub, address=HERE).logIn("wrong")
        assert ada.ask("socket.auth.refresh", {"token": "n"}) == {"expires": None}
        assert ada.ask("socket.auth.refresh", {"token": "wrong"})["code"] == "auth.invalid"
        ada.read()
        ada.emit("socket.auth.refresh", {"token": "n"}, id=9)
        assert ada.read() == []
        clockOf(hub).advance(1.5)
        assert ada.read() == []
        clockOf(hub).advance(1)
        assert [frame["re"] for frame in ada.read()] == [9]

    def test_limitOfWaitingLogins(self) -> None:
        """No more logins wait than can be decided in that time, and other addresses don't wait."""
        hub = self.guessed(limits={"loginSeconds": 10, "strangersPerAddress": 0})
        for _ in range(20):
            for _ in range(40):
                Peer(hub, address=HERE).logIn("wrong")
            clockOf(hub).advance(1)
            assert hub.parts.loginThrottle.waiting <= 10
        ada = Peer(hub, address=ELSEWHERE)
        ada.logIn("a")
        assert ada.read()[0]["event"] == "socket.auth.success"
        clockOf(hub).advance(AT_ONCE + 10)
        again = Peer(hub, address=HERE)
        again.logIn("a")
        assert again.read()[0]["event"] == "socket.auth.success"


def test_network() -> None:
    """Guesses from many addresses of one /64 wait like those from one address, and others don't."""
    node = Node()
    for last in range(AT_ONCE):
        assert node.ask("guess", address=f"2a00:1450:4001:80b::{last:x}") is WRONG
    node.decided.clear()
    node.ask("next", address="2a00:1450:4001:80b:1:2:3:4")
    assert node.decided == []
    node.ask("neighbour", address="2a00:1450:4001:80c::1")
    assert node.decided == [(0.0, "neighbour")]
    node.clock.advance(1)
    assert (1.0, "next") in node.decided


def test_mapped() -> None:
    """An IPv4 address that a dual-stack socket shows as IPv6 counts as IPv4."""
    node = Node()
    node.fail(AT_ONCE, f"::ffff:{HERE}")
    node.ask("next")
    assert node.decided == []
