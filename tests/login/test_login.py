"""
Logging in, and renewing a login.
"""

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from zope.interface import alsoProvides

from ratchet_tx import AnonymousClientProvider, IClient, on
from tests.kit.fakes import FakeClient, FakeProvider, Peer, clockOf, logged, startedHub


class Diary:
    """
    Says who one is, and writes down logins.
    """

    def __init__(self) -> None:
        self.entries: list[tuple[str, Any]] = []

    @on("socket.auth.success", "socket.auth.failure", "socket.close")
    def note(self, event: Any) -> None:
        self.entries.append((event.payload.event, event.payload.data))

    @on("who")
    def who(self, event: Any) -> Any:
        return event.connection.client.id


SUCCESS = {"client": {"username": "ada"}}
FAILURE = {"errors": ["Invalid access token."]}


class TestForms:
    def test_today(self) -> None:
        """A login with {"token"} is answered by {"client"}, and with an id the answer names it."""
        diary = Diary()
        peer = Peer(startedHub(diary, clientProvider=FakeProvider(sesame="ada")))
        peer.logIn("sesame")
        peer.emit("socket.auth.request", {"token": "sesame"}, id=4)
        assert peer.read() == [
            {"event": "socket.auth.success", "data": SUCCESS},
            {"event": "socket.auth.success", "data": SUCCESS, "re": 4},
        ]
        assert diary.entries == [("socket.auth.success", SUCCESS)] * 2

    def test_original(self) -> None:
        """Who sends the bare token, as the original's script does, is answered by the bare client."""
        peer = Peer(startedHub(clientProvider=FakeProvider(sesame="ada")))
        peer.emit("socket.auth.request", "sesame")
        assert peer.read() == [{"event": "socket.auth.success", "data": {"username": "ada"}}]

    def test_originalFailure(self) -> None:
        """A bare token that is nobody's is answered by the bare error."""
        diary = Diary()
        peer = Peer(startedHub(diary, clientProvider=FakeProvider()))
        peer.emit("socket.auth.request", "wrong")
        assert peer.read() == [{"event": "socket.auth.failure", "data": "Invalid access token."}]
        assert diary.entries == [("socket.auth.failure", FAILURE)]

    def test_failure(self) -> None:
        """A token that is nobody's is answered by {"errors"}; applications that are there for strangers hear of it."""
        diary, membersOnly = Diary(), Diary()
        hub = startedHub(clientProvider=FakeProvider())
        hub.applications.register(lambda client, connection: diary, client=None, name="everybody's")
        hub.applications.register(lambda client, connection: membersOnly, name="members'")
        peer = Peer(hub)
        peer.emit("socket.auth.request", {"token": "wrong"}, id=9)
        assert peer.read() == [{"event": "socket.auth.failure", "data": FAILURE, "re": 9}]
        assert diary.entries == [("socket.auth.failure", FAILURE)]
        assert membersOnly.entries == []
        assert hub.counters.refused["auth.invalid"] == 1

    @pytest.mark.parametrize(
        "data", [5, [], True, {"token": 5}, {"token": ["x"]}, {"token": 0}, {"token": False}, {"token": []}]
    )
    def test_otherForms(self, data: Any) -> None:
        """A login in no form at all fails, by its failure frame; nobody is asked, and it counts for no failed login."""
        hub = startedHub(clientProvider=FakeProvider())
        peer = Peer(hub)
        for _ in range(6):
            peer.emit("socket.auth.request", data, id=1)
        failure = {"event": "socket.auth.failure", "data": {"errors": ['Expected {"token": "..."}.']}, "re": 1}
        assert peer.read() == [failure] * 6
        assert hub.counters.refused == {"payload.invalid": 6}
        assert peer.transport.closedWith is None

    def test_versionTwo(self) -> None:
        """Who announces version 2 is told what they may want to know."""
        hub = startedHub(clientProvider=FakeProvider(sesame="ada"), limits={"pingSeconds": 11, "messageBytes": 999})
        peer = Peer(hub)
        peer.logIn("sesame", v=2)
        (frame,) = peer.read()
        assert frame["data"] == {
            "client": {"username": "ada"},
            "id": "ada",
            "guest": False,
            "v": 2,
            "connection": peer.connection.id,
            "ping": 11,
            "expires": None,
            "keys": hub.parts.keys.name,
            "limits": {
                "messageBytes": 999,
                "rooms": 128,
                "eventsPerSecond": 50,
                "eventsBurst": 100,
                "dedupSeconds": 120,
                "replayBytes": 262144,
            },
        }

    def test_keys(self) -> None:
        """The memory of keys has one name on all connections, and another one once all keys were forgotten."""
        hub = startedHub(clientProvider=FakeProvider(a="ada", b="bob"))

        def name(token: str) -> Any:
            peer = Peer(hub)
            peer.logIn(token, v=2)
            name = peer.read()[0]["data"]["keys"]
            peer.leave()
            return name

        first = name("a")
        assert name("a") == name("b") == first
        hub.stopService()
        hub.startService()
        assert name("a") != first

    def test_guests(self) -> None:
        """A guest of version 2 is told to be one, also where a token fails, and is one of version 2 from then on."""
        hub = startedHub(Diary())
        token = hub.issueAccessToken(FakeClient("ada"))
        peer = Peer(hub)
        peer.logIn("wrong", v=2)
        peer.emit("unheard.of")
        peer.logIn("", v=2)
        peer.logIn(token, v=2)
        peer.logIn("wrong", v=2)
        failure, refused, guest, ada, other = peer.read()
        assert failure["data"] == {**FAILURE, "guest": True}
        assert refused["event"] == "socket.refused"
        assert [(frame["data"]["guest"], frame["data"]["id"]) for frame in (guest, ada)] == [
            (True, cast(FakeClient, peer.connection.guest).id),
            (False, "ada"),
        ]
        assert other["data"] == FAILURE

    def test_strangersAreToldRefusals(self) -> None:
        """A stranger who announced version 2 is told what of their events is refused, though their token was wrong."""
        peer = Peer(startedHub(Diary(), clientProvider=FakeProvider(sesame="ada")))
        peer.logIn("wrong", v=2)
        peer.emit("shuot")
        failure, refused = peer.read()
        assert failure["event"] == "socket.auth.failure"
        assert refused["event"] == "socket.refused"
        assert (refused["data"]["event"], refused["data"]["code"]) == ("shuot", "auth.required")

    def test_versionsStay(self) -> None:
        """Who has announced version 2 once stays there."""
        peer = Peer(startedHub(Diary(), clientProvider=FakeProvider(sesame="ada")))
        peer.logIn("sesame", v=2)
        peer.logIn("sesame")
        peer.read()
        peer.emit("unheard.of")
        assert peer.read()[0]["event"] == "socket.refused"


class TestStrangers:
    def test_eventsAreRefused(self) -> None:
        """A stranger's events are refused, until he logs in."""
        peer = Peer(startedHub(Diary(), clientProvider=FakeProvider(sesame="ada")))
        peer.emit("who", id=1)
        peer.logIn("sesame")
        peer.emit("who", id=2)
        refused, _, reply = peer.read()
        assert refused["data"]["error"]["code"] == "auth.required"
        assert reply["data"] == {"ok": True, "result": "ada"}

    def test_thatHaveNoToken(self) -> None:
        """Where nobody is let in anonymously, the empty token is nobody's, and the provider isn't asked."""
        peer = Peer(startedHub(clientProvider=FakeProvider()))
        peer.logIn("")
        peer.emit("socket.auth.request")
        assert [frame["data"] for frame in peer.read()] == [FAILURE, "Invalid access token."]

    def test_timeOut(self) -> None:
        """A stranger who doesn't log in in time is closed with 4502; who does, isn't."""
        hub = startedHub(clientProvider=FakeProvider(sesame="ada"), limits={"loginSeconds": 10})
        stranger, ada = Peer(hub), Peer(hub)
        ada.logIn("sesame")
        clockOf(hub).advance(10)
        assert stranger.transport.closedWith == (4502, "Not logged in in time")
        assert ada.transport.closedWith is None

    def test_noTimeOut(self) -> None:
        """Where the limit is switched off, a stranger may stay."""
        hub = startedHub(clientProvider=FakeProvider(), limits={"loginSeconds": 0})
        stranger = Peer(hub)
        clockOf(hub).advance(10_000)
        assert stranger.transport.closedWith is None

    def test_goneBeforeTheTimeOut(self) -> None:
        """A stranger who goes leaves no timer behind."""
        hub = startedHub(clientProvider=FakeProvider())
        Peer(hub).leave()
        assert clockOf(hub).getDelayedCalls() == []

    def test_fiveFailures(self) -> None:
        """The fifth failed login of a connection closes it with 4500."""
        peer = Peer(startedHub(clientProvider=FakeProvider(sesame="ada")))
        for _ in range(4):
            peer.logIn("wrong")
        peer.logIn("sesame")
        assert peer.transport.closedWith is None
        peer.logIn("wrong")
        assert peer.transport.closedWith == (4500, "Invalid access token")
        assert peer.read()[-1] == {"event": "socket.auth.failure", "data": FAILURE}


class TestGuests:
    def test_anonymous(self) -> None:
        """With the default provider everybody is in from the start, and a login without a token finds the same client."""
        diary = Diary()
        peer = Peer(startedHub(diary))
        client = peer.connection.client
        assert diary.entries == []
        peer.emit("socket.auth.request")
        peer.logIn("")
        anonymous = {"username": None, "anonymous": True}
        assert [frame["data"] for frame in peer.read()] == [anonymous, {"client": anonymous}]
        assert peer.connection.client is client

    def test_backToAnonymous(self) -> None:
        """Who has logged in by a token and asks without one is the anonymous client again."""
        hub = startedHub(Diary())
        client = FakeClient("ada")
        token = hub.issueAccessToken(client)
        peer = Peer(hub)
        guest = peer.connection.client
        peer.logIn(token)
        assert peer.connection.client is not guest
        peer.logIn("")
        assert peer.connection.client is guest


class TestChanging:
    def test_anotherClient(self) -> None:
        """By a second login a connection becomes another client's: the rooms are left before it is told."""
        hub = startedHub(Diary(), clientProvider=FakeProvider(a="ada", b="bob"))
        peer = Peer(hub)
        peer.logIn("a")
        peer.connection.join("lobby")
        peer.logIn("a")
        assert peer.connection.rooms == ("lobby",)
        peer.logIn("b")
        assert peer.connection.rooms == ()
        peer.emit("who", id=1)
        assert peer.read()[-1]["data"]["result"] == "bob"
        hub.emit("x", client="ada")
        assert peer.read() == []

    def test_failureChangesNothing(self) -> None:
        """A failed login leaves everything as it was."""
        peer = Peer(startedHub(Diary(), clientProvider=FakeProvider(a="ada")))
        peer.logIn("a")
        peer.connection.join("lobby")
        peer.logIn("wrong")
        peer.emit("who", id=1)
        assert peer.read()[-1]["data"]["result"] == "ada"
        assert peer.connection.rooms == ("lobby",)

    def test_specialApplications(self) -> None:
        """What is registered for a special kind of client is there from his login on."""

        class IModerator(IClient):
            """Who may do more."""

        class Moderation:
            def __init__(self, client: Any, connection: Any) -> None:
                pass

            @on("ban")
            def ban(self, event: Any) -> str:
                return "banned"

        provider = FakeProvider(a="ada", m="mod")
        alsoProvides(provider.clients["m"], IModerator)
        hub = startedHub(clientProvider=provider)
        hub.applications.register(Moderation, client=IModerator)
        peer = Peer(hub)
        peer.logIn("a")
        peer.emit("ban", id=1)
        peer.logIn("m")
        peer.emit("ban", id=2)
        _, refused, _, reply = peer.read()
        assert refused["data"]["error"]["code"] == "event.unknown"
        assert reply["data"]["result"] == "banned"

    def test_promoted(self) -> None:
        """Who logs in again as the same object, which can do more by now, can do more."""

        class IModerator(IClient):
            """Who may do more."""

        provider = FakeProvider(a="ada")
        hub = startedHub(clientProvider=provider)
        hub.applications.register(lambda client, connection: Diary(), client=IModerator, name="moderators'")
        peer = Peer(hub)
        peer.logIn("a")
        alsoProvides(provider.clients["a"], IModerator)
        peer.logIn("a")
        peer.read()
        peer.emit("who", id=1)
        assert peer.read()[0]["data"]["result"] == "ada"


class TestSlowProviders:
    def test_later(self) -> None:
        """A provider may take its time: what the peer sends meanwhile waits for the login."""
        provider = FakeProvider(later=True)
        peer = Peer(startedHub(Diary(), clientProvider=provider))
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
        provider, diary = FakeProvider(later=True), Diary()
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
            peer = Peer(startedHub(Diary(), clientProvider=provider))
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

        diary = Diary()
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


class TestRefreshing:
    def test_sameClient(self) -> None:
        """A live connection can renew its login by a new token of the same client."""
        provider = FakeProvider(old="ada", new="ada")
        peer = Peer(startedHub(Diary(), clientProvider=provider))
        peer.logIn("old")
        peer.connection.join("lobby")
        peer.emit("socket.auth.refresh", {"token": "new"}, id=2)
        assert peer.read()[-1] == {"event": "socket.reply", "data": {"ok": True, "result": {"expires": None}}, "re": 2}
        assert peer.connection.client is provider.clients["new"]
        assert peer.connection.rooms == ("lobby",)

    @pytest.mark.parametrize("token", ["wrong", "b"])
    def test_others(self, token: str) -> None:
        """A token that is nobody's, or another client's, renews nothing, and counts as a failed login."""
        hub = startedHub(Diary(), clientProvider=FakeProvider(a="ada", b="bob"))
        peer = Peer(hub)
        peer.logIn("a")
        for _ in range(5):
            peer.emit("socket.auth.refresh", {"token": token}, id=2)
        assert peer.read()[-1]["data"]["error"]["code"] == "auth.invalid"
        assert peer.connection.client is not None
        assert peer.connection.client.id == "ada"
        assert peer.transport.closedWith == (4500, "Invalid access token")

    def test_strangers(self) -> None:
        """A stranger has nothing to renew."""
        peer = Peer(startedHub(clientProvider=FakeProvider(a="ada")))
        peer.emit("socket.auth.refresh", {"token": "a"}, id=1)
        assert peer.read()[0]["data"]["error"]["code"] == "auth.invalid"

    def test_gone(self) -> None:
        """Who has gone meanwhile is answered nothing."""
        provider = FakeProvider(later=True)
        peer = Peer(startedHub(clientProvider=provider))
        peer.emit("socket.auth.refresh", {"token": "a"}, id=1)
        peer.connection.close()
        provider.asked[0].callback(None)
        assert peer.read() == []

    @pytest.mark.parametrize("data", [None, "a", {}, {"token": ""}, {"token": 5}])
    def test_forms(self, data: Any) -> None:
        """A renewal without a token is refused as any bad message is."""
        peer = Peer(startedHub(clientProvider=FakeProvider(a="ada")))
        peer.emit("socket.auth.refresh", data, id=1)
        assert peer.read()[0]["data"]["error"]["code"] == "payload.invalid"


class TestMeanwhile:
    """
    What happens while a token is looked up.
    """

    def peer(self, **limits: Any) -> tuple[Any, FakeProvider, Peer]:
        provider = FakeProvider(later=True, a="ada", b="bob")
        hub = startedHub(Diary(), clientProvider=provider, limits=limits)
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

    def test_refreshDoesNotWait(self) -> None:
        """A renewal doesn't wait for the handlers before it."""

        class Slow:
            @on("slow")
            def slow(self, event: Any) -> Any:
                return Deferred()

        hub = startedHub(Slow(), clientProvider=FakeProvider(a="ada"))
        peer = Peer(hub)
        peer.logIn("a")
        peer.emit("slow", id=1)
        peer.emit("socket.auth.refresh", {"token": "a"}, id=2)
        assert [frame.get("re") for frame in peer.read()] == [None, 2]

    def test_lateProvider(self) -> None:
        """A provider that answers after loginSeconds changes nothing any more."""
        provider = FakeProvider(later=True)
        hub = startedHub(Diary(), clientProvider=provider, limits={"loginSeconds": 10})
        peer = Peer(hub)
        with logged():
            peer.logIn("a")
            clockOf(hub).advance(10)
        assert peer.transport.closedWith == (4502, "Not logged in in time")
        provider.asked[0].callback(FakeClient("ada"))
        assert peer.connection.client is None


def test_tokensIssuedAtOnce() -> None:
    """A token that the provider didn't take is taken back, but not one that came after it."""
    updates: list[Deferred[Any]] = []

    class Slow(FakeProvider):
        def updateClient(self, client: Any) -> Any:
            updates.append(Deferred())
            return updates[-1]

    hub = startedHub(clientProvider=Slow())
    ada = FakeClient("ada")
    first = hub.issueAccessToken(ada)
    second = hub.issueAccessToken(ada)
    updates[1].callback(None)
    updates[0].errback(OSError("down"))
    first.addErrback(lambda _: None)
    tokens: list[str] = []
    second.addCallback(tokens.append)
    assert tokens == [ada.accessToken]
