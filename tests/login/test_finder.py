"""
Whose token it is.
"""

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred

from ratchet_tx import AnonymousClientProvider
from tests.kit.applications import LoginDiary
from tests.kit.fakes import FakeClient, FakeProvider, Peer, clockOf, logged, startedHub

SUCCESS = {"client": {"username": "ada"}}
FAILURE = {"errors": ["Invalid access token."]}


def test_thatHaveNoToken() -> None:
    """Where nobody is let in anonymously, the empty token is nobody's, and the provider isn't asked."""
    peer = Peer(startedHub(clientProvider=FakeProvider()))
    peer.logIn("")
    peer.emit("socket.auth.request")
    assert [frame["data"] for frame in peer.read()] == [FAILURE, "Invalid access token."]


class TestSlowProviders:
    def test_later(self) -> None:
        """A provider may take its time: what the peer sends meanwhile waits for the login."""
        provider = FakeProvider(later=True)
        peer = Peer(startedHub(LoginDiary(), clientProvider=provider))
        peer.logIn("sesame")
        peer.emit("who", id=1)
        assert peer.read() == []
        provider.asked[0].callback(FakeClient("ada"))
        assert [frame["data"] for frame in peer.read()] == [SUCCESS, {"ok": True, "result": "ada"}]

    def test_coroutines(self) -> None:
        """A provider's findByAccessToken may be a coroutine."""

        class Provider(AnonymousClientProvider):
            async def findByAccessToken(self, accessToken: str) -> Any:
                return FakeClient("ada")

        peer = Peer(startedHub(clientProvider=Provider()))
        peer.logIn("sesame")
        assert peer.read()[0]["data"] == SUCCESS

    def test_gone(self) -> None:
        """Who has gone meanwhile isn't logged in any more."""
        provider, diary = FakeProvider(later=True), LoginDiary()
        hub = startedHub(diary, clientProvider=provider)
        peer = Peer(hub)
        peer.logIn("sesame")
        peer.connection.close()
        provider.asked[0].callback(FakeClient("ada"))
        assert peer.connection.client is None
        peer.leave()
        assert hub.counters.logins == 0
        assert peer.read() == []

    @pytest.mark.parametrize("form", [{"token": "sesame"}, "sesame"])
    def test_late(self, form: Any) -> None:
        """A provider that takes too long makes a login unavailable: come again, it says, and doesn't count as a failure."""
        provider = FakeProvider(later=True)
        hub = startedHub(clientProvider=provider, limits={"loginSeconds": 10})
        peer = Peer(hub)
        hub.parts.identity.strangers.stop(peer.connection)
        for _ in range(6):
            peer.emit("socket.auth.request", form)
        with logged() as lines:
            for _ in range(6):
                clockOf(hub).advance(10)
        frames = peer.read()
        assert len(frames) == 6
        expected: Any = {"errors": ["Login is not available right now."], "code": "auth.unavailable", "retry": True}
        assert frames[0]["data"] == (expected if isinstance(form, dict) else expected["errors"][0])
        assert peer.transport.closedWith is None
        assert any("took too long" in line for line in lines)

    def test_noTimeOut(self) -> None:
        """Where the limit is switched off, a provider may take as long as it likes."""
        provider = FakeProvider(later=True)
        hub = startedHub(clientProvider=provider, limits={"loginSeconds": 0})
        peer = Peer(hub)
        peer.logIn("sesame")
        clockOf(hub).advance(10_000)
        provider.asked[0].callback(FakeClient("ada"))
        assert peer.read()[0]["data"] == SUCCESS


class TestBrokenProviders:
    def unavailable(self, provider: Any) -> list[str]:
        with logged() as lines:
            peer = Peer(startedHub(LoginDiary(), clientProvider=provider))
            peer.logIn("sesame-2b7e")
        (frame,) = peer.read()
        assert frame["event"] == "socket.auth.failure"
        assert frame["data"]["code"] == "auth.unavailable"
        assert "sesame-2b7e" not in "".join(lines)
        return lines

    def test_raises(self) -> None:
        """A provider that raises isn't taken for a wrong token; the log says why."""

        class Provider(FakeProvider):
            def findByAccessToken(self, accessToken: str) -> Any:
                raise OSError("no database")

        assert any("no database" in line for line in self.unavailable(Provider()))

    def test_fails(self) -> None:
        """A provider whose Deferred fails isn't taken for a wrong token either."""

        class Provider(FakeProvider):
            def findByAccessToken(self, accessToken: str) -> Any:
                failing: Deferred[Any] = Deferred()
                failing.errback(OSError("no database"))
                return failing

        assert any("no database" in line for line in self.unavailable(Provider()))

    def test_noClient(self) -> None:
        """A provider that gives what is no client is told in the log what to do about it."""

        class Provider(FakeProvider):
            def findByAccessToken(self, accessToken: str) -> Any:
                return {"username": "ada"}

        assert any("@implementer(IClient)" in line for line in self.unavailable(Provider()))

    def test_clientWithoutAnId(self) -> None:
        """A client that has no id can't log in, and the log says what it lacks."""
        provider = FakeProvider()
        provider.clients["sesame-2b7e"] = FakeClient(cast(Any, 5))
        assert any("an id that is a text" in line for line in self.unavailable(provider))

    def test_expiresThatIsNotJSON(self) -> None:
        """A client about whom something can't be said changes nothing, and the peer is told that he can't log in now."""
        provider = FakeProvider(**{"sesame-2b7e": "ada"})
        provider.clients["sesame-2b7e"].expires = object()
        with logged():
            peer = Peer(startedHub(clientProvider=provider))
            peer.logIn("sesame-2b7e", v=2)
        assert peer.read()[0]["data"]["code"] == "auth.unavailable"
        assert (peer.connection.client, peer.connection.version) == (None, 1)

    def test_cancellingThatFails(self) -> None:
        """A provider whose canceller raises keeps neither the peer's end nor anything else from its course."""

        def refuse(_: Any) -> None:
            raise ValueError("no")

        class Provider(FakeProvider):
            def findByAccessToken(self, accessToken: str) -> Any:
                return Deferred(refuse)

        diary = LoginDiary()
        hub = startedHub(diary, clientProvider=Provider())
        peer = Peer(hub)
        peer.logIn("a")
        with logged() as lines:
            peer.leave()
        assert diary.entries[-1][0] == "socket.close"
        assert hub.connections == ()
        assert any("Cancelling a Deferred failed" in line for line in lines)

    def test_clientThatIsNotJSON(self) -> None:
        """A client whose public data is not JSON can't log in, and the log says why."""

        class Odd(FakeClient):
            def jsonSerialize(self) -> Any:
                return object()

        provider = FakeProvider()
        provider.clients["sesame-2b7e"] = Odd("ada")
        assert any("can't be sent as JSON" in line for line in self.unavailable(provider))


class TestMeanwhile:
    """
    What happens while a token is looked up.
    """

    def peer(self, **limits: Any) -> tuple[Any, FakeProvider, Peer]:
        provider = FakeProvider(later=True, a="ada", b="bob")
        hub = startedHub(LoginDiary(), clientProvider=provider, limits=limits)
        return hub, provider, Peer(hub)

    @pytest.mark.parametrize("code", [4503, 4001])
    def test_disconnected(self, code: int) -> None:
        """Who is disconnected then isn't let in: the connection is closed once it is known whose it is."""
        hub, provider, peer = self.peer()
        bystander = Peer(hub)
        peer.logIn("a", v=2)
        bystander.logIn("b")
        hub.disconnect("ada", code)
        assert peer.transport.closedWith is None
        provider.asked[1].callback(FakeClient("bob"))
        provider.asked[0].callback(FakeClient("ada"))
        assert (peer.read(), peer.transport.closedWith) == ([], (code, "Disconnected by the server"))
        assert (peer.connection.client, bystander.transport.closedWith) == (None, None)
        assert bystander.read()[0]["event"] == "socket.auth.success"
        assert len(hub.parts.lookups) == 0

    def test_disconnectedBefore(self) -> None:
        """Who comes after the disconnect is let in, for then the provider knows about it."""
        hub, provider, peer = self.peer()
        peer.logIn("b")
        hub.disconnect("ada")
        again = Peer(hub)
        again.logIn("a")
        provider.asked[1].callback(FakeClient("ada"))
        assert again.read()[0]["event"] == "socket.auth.success"
        provider.asked[0].callback(None)
        assert len(hub.parts.lookups) == 0

    def test_disconnectedAfterAFailure(self) -> None:
        """A lookup that fails, takes too long or is dropped leaves nothing behind."""
        hub, provider, peer = self.peer(loginSeconds=10)
        others = [Peer(hub), Peer(hub), Peer(hub)]
        with logged():
            for each in (peer, *others):
                each.logIn("a")
            hub.disconnect("ada")
            provider.asked[0].errback(OSError("down"))
            provider.asked[1].callback(None)
            others[1].leave()
            hub.clock.advance(10)
        assert len(hub.parts.lookups) == 0

    def test_refresh(self) -> None:
        """A renewed login isn't either, and one of a client that was replaced meanwhile is refused."""
        _, provider, peer = self.peer()
        peer.logIn("a")
        provider.asked.pop().callback(FakeClient("ada"))
        peer.emit("socket.auth.refresh", {"token": "a"}, id=1)
        peer.logIn("b")
        provider.asked[1].callback(FakeClient("bob"))
        provider.asked[0].callback(FakeClient("ada"))
        frames = peer.read()
        assert frames[-1]["data"]["error"]["code"] == "auth.invalid"
        assert cast(FakeClient, peer.connection.client).id == "bob"

    def test_lateProvider(self) -> None:
        """A provider that answers after loginSeconds changes nothing any more."""
        provider = FakeProvider(later=True)
        hub = startedHub(LoginDiary(), clientProvider=provider, limits={"loginSeconds": 10})
        peer = Peer(hub)
        with logged():
            peer.logIn("a")
            clockOf(hub).advance(10)
        assert peer.transport.closedWith == (4502, "Not logged in in time")
        provider.asked[0].callback(FakeClient("ada"))
        assert peer.connection.client is None
