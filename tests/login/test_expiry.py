"""
Logins that expire: told before, renewed, or ended.
"""

import time
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from ratchet_tx import AnonymousClientProvider, UsageError, on
from ratchet_tx.login.expiry import secondsLeft
from tests.kit.fakes import FakeClient, FakeProvider, Peer, clockOf, logged, startedHub


class Who:
    """
    Says who one is.
    """

    @on("who")
    def who(self, event: Any) -> Any:
        return event.connection.client.id


def provider(**ends: float) -> FakeProvider:
    """
    Make a provider whose tokens are all Ada's, each with its end on the test's clock, which begins at 0.
    """
    known = FakeProvider(**dict.fromkeys(ends, "ada"))
    for token, end in ends.items():
        known.clients[token].expires = end
    return known


class TestSecondsLeft:
    def test_forEver(self) -> None:
        """A client that says nothing of an end has none."""
        client = FakeClient("ada")
        assert secondsLeft(client, 1000) is None
        client.expires = None
        assert secondsLeft(client, 1000) is None

    @pytest.mark.parametrize(
        ("expires", "left"),
        [(1030, 30), (1000.5, 0.5), (1000, 0), (5, 0), (-5, 0), (Decimal("1030.5"), 30.5), (Fraction(2001, 2), 0.5)],
    )
    def test_left(self, expires: float, left: float) -> None:
        """What is left is what is between now and the end, and never less than nothing."""
        client = FakeClient("ada")
        client.expires = expires
        assert secondsLeft(client, 1000) == left

    @pytest.mark.parametrize(
        "expires", ["1030", True, float("nan"), float("inf"), 10**400, Decimal("sNaN"), datetime.now(UTC), object()]
    )
    def test_noTime(self, expires: Any) -> None:
        """What is no time is an error that says what would be one."""
        client = FakeClient("ada")
        client.expires = expires
        with pytest.raises(UsageError, match=r"^FakeClient\.expires is a time in seconds since 1970, as time\.time\(\)"):
            secondsLeft(client, time.time())


class TestExpiry:
    def test_toldAndClosed(self) -> None:
        """Half a minute before its end a login is announced to who knows of it; then it is closed with 4003: come again."""
        hub = startedHub(Who(), clientProvider=provider(a=1000))
        clock: Any = hub.clock
        peer, simple = Peer(hub), Peer(hub)
        peer.logIn("a", v=2)
        simple.logIn("a")
        assert peer.read()[0]["data"]["expires"] == 1000
        simple.read()
        clock.advance(969)
        assert peer.read() == []
        clock.advance(1)
        assert peer.read() == [{"event": "socket.auth.expiring", "data": {"expires": 30}}]
        clock.advance(29)
        assert peer.transport.closedWith is None
        clock.advance(1)
        for each in (peer, simple):
            assert each.transport.closedWith == (4003, "Token expired")
            assert each.read() == []
            each.leave()
        assert clock.getDelayedCalls() == []
        assert hub.counters.closes[4003] == 2

    def test_shortLives(self) -> None:
        """Where little is left at the login, the end is announced in the last quarter of it."""
        hub = startedHub(clientProvider=provider(a=40))
        peer = Peer(hub)
        peer.logIn("a", v=2)
        peer.read()
        clockOf(hub).advance(30)
        assert peer.read() == [{"event": "socket.auth.expiring", "data": {"expires": 10}}]

    def test_renewed(self) -> None:
        """A token of the same client renews the login without a disconnect: the new end counts, the old one doesn't."""
        hub = startedHub(Who(), clientProvider=provider(old=100, new=400))
        clock: Any = hub.clock
        peer = Peer(hub)
        peer.logIn("old", v=2)
        peer.connection.join("lobby")
        clock.advance(80)
        peer.read()
        peer.emit("socket.auth.refresh", {"token": "new"}, id=1)
        assert peer.read() == [{"event": "socket.reply", "data": {"ok": True, "result": {"expires": 320}}, "re": 1}]
        clock.advance(200)
        peer.emit("who", id=2)
        assert peer.read()[0]["data"] == {"ok": True, "result": "ada"}
        assert peer.connection.rooms == ("lobby",)
        clock.advance(90)
        assert peer.read() == [{"event": "socket.auth.expiring", "data": {"expires": 30}}]
        clock.advance(30)
        assert peer.transport.closedWith == (4003, "Token expired")

    def test_renewedForEver(self) -> None:
        """A login that is renewed by a token without an end has none."""
        known = provider(old=100)
        known.clients["new"] = FakeClient("ada")
        hub = startedHub(clientProvider=known)
        peer = Peer(hub)
        peer.logIn("old", v=2)
        peer.emit("socket.auth.refresh", {"token": "new"}, id=1)
        assert peer.read()[-1]["data"]["result"] == {"expires": None}
        assert clockOf(hub).getDelayedCalls() == []

    @pytest.mark.parametrize("token", ["bob's", "expired", "nobody's"])
    def test_notRenewed(self, token: str) -> None:
        """Another client's token, one that has expired itself, and nobody's renew nothing: the old end counts."""
        known = provider(old=100, expired=50)
        known.clients["bob's"] = FakeClient("bob")
        hub = startedHub(clientProvider=known)
        clock: Any = hub.clock
        peer = Peer(hub)
        peer.logIn("old", v=2)
        clock.advance(60)
        peer.read()
        peer.emit("socket.auth.refresh", {"token": token}, id=1)
        assert peer.read()[0]["data"]["error"]["code"] == "auth.invalid"
        clock.advance(40)
        assert peer.transport.closedWith == (4003, "Token expired")

    def test_secondLogin(self) -> None:
        """A second login, as somebody else too, has an end of its own."""
        known = provider(old=100)
        known.clients["bob's"] = FakeClient("bob")
        hub = startedHub(clientProvider=known)
        peer = Peer(hub)
        peer.logIn("old")
        peer.logIn("bob's")
        assert clockOf(hub).getDelayedCalls() == []
        peer.logIn("old")
        clockOf(hub).advance(100)
        assert peer.transport.closedWith == (4003, "Token expired")

    @pytest.mark.parametrize("form", [{"token": "a", "v": 2}, "a"])
    def test_expiredAlready(self, form: Any) -> None:
        """A token that has expired is as good as nobody's, in either form, and counts as a failed login."""
        hub = startedHub(clientProvider=provider(a=100))
        clockOf(hub).advance(100)
        peer = Peer(hub)
        for _ in range(5):
            peer.emit("socket.auth.request", form)
        failure = "Invalid access token." if form == "a" else {"errors": ["Invalid access token."]}
        assert [frame["data"] for frame in peer.read()] == [failure] * 5
        assert hub.counters.refused == {"auth.invalid": 5}
        assert peer.transport.closedWith == (4500, "Invalid access token")
        assert peer.connection.client is None

    def test_gone(self) -> None:
        """Who goes before leaves no timer behind, neither before the announcement nor after it."""
        hub = startedHub(clientProvider=provider(a=1000))
        clock: Any = hub.clock
        early, late = Peer(hub), Peer(hub)
        for each in (early, late):
            each.logIn("a")
        early.leave()
        clock.advance(980)
        late.leave()
        assert clock.getDelayedCalls() == []

    def test_closing(self) -> None:
        """Who is being closed already is told nothing more, and closed for what he was closed for."""
        hub = startedHub(clientProvider=provider(a=100))
        peer = Peer(hub)
        peer.logIn("a", v=2)
        peer.read()
        peer.connection.close(4503)
        for _ in range(2):
            clockOf(hub).advance(90)
        assert peer.read() == []
        assert peer.transport.closedWith == (4503, "")

    def test_sleptThrough(self) -> None:
        """Where the machine slept over the announcement, the peer is told what is left, and closed then."""
        hub = startedHub(clientProvider=provider(a=1000, b=1000))
        clock: Any = hub.clock
        peer = Peer(hub)
        peer.logIn("a", v=2)
        peer.read()
        clock.rightNow = 995
        clock.advance(0)
        assert peer.read() == [{"event": "socket.auth.expiring", "data": {"expires": 5}}]
        clock.advance(5)
        assert peer.transport.closedWith == (4003, "Token expired")

    def test_guests(self) -> None:
        """Who came in anonymously may have an end, too."""

        class Trials(AnonymousClientProvider):
            def anonymousClient(self) -> Any:
                guest = FakeClient("guest")
                guest.expires = 300
                return guest

        hub = startedHub(Who(), clientProvider=Trials())
        peer = Peer(hub)
        peer.emit("who", id=1)
        assert peer.read()[0]["data"]["ok"]
        clockOf(hub).advance(270)
        clockOf(hub).advance(30)
        assert peer.transport.closedWith == (4003, "Token expired")

    def test_guestsWithoutATime(self) -> None:
        """A guest whose end is no time doesn't come in, and the log says what would be one."""

        class Trials(AnonymousClientProvider):
            def anonymousClient(self) -> Any:
                guest = FakeClient("guest")
                guest.expires = "soon"
                return guest

        with logged() as lines:
            peer = Peer(startedHub(clientProvider=Trials()))
        assert peer.transport.closedWith == (1011, "Internal error")
        assert any("FakeClient.expires is a time" in line for line in lines)

    def test_renewedWithoutATime(self) -> None:
        """A renewal by a client whose end is no time is unavailable, and changes nothing."""
        known = provider(a=100)
        hub = startedHub(clientProvider=known)
        peer = Peer(hub)
        peer.logIn("a")
        peer.read()
        known.clients["new"] = FakeClient("ada")
        known.clients["new"].expires = "soon"
        with logged() as lines:
            peer.emit("socket.auth.refresh", {"token": "new"}, id=1)
        assert peer.read()[0]["data"]["error"]["code"] == "auth.unavailable"
        assert any("FakeClient.expires is a time" in line for line in lines)
        assert peer.connection.client is known.clients["a"]
