"""
Logging in, and renewing a login.
"""

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred

from ratchet_tx import on
from tests.kit.applications import LoginDiary
from tests.kit.fakes import FakeClient, FakeProvider, Peer, startedHub

SUCCESS = {"client": {"username": "ada"}}
FAILURE = {"errors": ["Invalid access token."]}


class TestForms:
    def test_today(self) -> None:
        """A login with {"token"} is answered by {"client"}, and with an id the answer names it."""
        diary = LoginDiary()
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
        diary = LoginDiary()
        peer = Peer(startedHub(diary, clientProvider=FakeProvider()))
        peer.emit("socket.auth.request", "wrong")
        assert peer.read() == [{"event": "socket.auth.failure", "data": "Invalid access token."}]
        assert diary.entries == [("socket.auth.failure", FAILURE)]

    def test_failure(self) -> None:
        """A token that is nobody's is answered by {"errors"}; applications that are there for strangers hear of it."""
        diary, membersOnly = LoginDiary(), LoginDiary()
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
            "keys": hub.parts.deduplication.name,
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
        hub = startedHub(LoginDiary())
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
        peer = Peer(startedHub(LoginDiary(), clientProvider=FakeProvider(sesame="ada")))
        peer.logIn("wrong", v=2)
        peer.emit("shuot")
        failure, refused = peer.read()
        assert failure["event"] == "socket.auth.failure"
        assert refused["event"] == "socket.refused"
        assert (refused["data"]["event"], refused["data"]["code"]) == ("shuot", "auth.required")

    def test_versionsStay(self) -> None:
        """Who has announced version 2 once stays there."""
        peer = Peer(startedHub(LoginDiary(), clientProvider=FakeProvider(sesame="ada")))
        peer.logIn("sesame", v=2)
        peer.logIn("sesame")
        peer.read()
        peer.emit("unheard.of")
        assert peer.read()[0]["event"] == "socket.refused"


class TestStrangers:
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


class TestChanging:
    def test_failureChangesNothing(self) -> None:
        """A failed login leaves everything as it was."""
        peer = Peer(startedHub(LoginDiary(), clientProvider=FakeProvider(a="ada")))
        peer.logIn("a")
        peer.connection.join("lobby")
        peer.logIn("wrong")
        peer.emit("who", id=1)
        assert peer.read()[-1]["data"]["result"] == "ada"
        assert peer.connection.rooms == ("lobby",)


class TestRefreshing:
    def test_sameClient(self) -> None:
        """A live connection can renew its login by a new token of the same client."""
        provider = FakeProvider(old="ada", new="ada")
        peer = Peer(startedHub(LoginDiary(), clientProvider=provider))
        peer.logIn("old")
        peer.connection.join("lobby")
        peer.emit("socket.auth.refresh", {"token": "new"}, id=2)
        assert peer.read()[-1] == {"event": "socket.reply", "data": {"ok": True, "result": {"expires": None}}, "re": 2}
        assert peer.connection.client is provider.clients["new"]
        assert peer.connection.rooms == ("lobby",)

    @pytest.mark.parametrize("token", ["wrong", "b"])
    def test_others(self, token: str) -> None:
        """A token that is nobody's, or another client's, renews nothing, and counts as a failed login."""
        hub = startedHub(LoginDiary(), clientProvider=FakeProvider(a="ada", b="bob"))
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
