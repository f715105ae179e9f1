"""
Who a peer is: a stranger, a guest, or the client of a login.
"""

from collections.abc import Callable
from typing import Any, ClassVar, cast

import pytest
from twisted.internet.task import Clock
from zope.interface import alsoProvides

from ratchet_tx import AnonymousClientProvider, Applications, RoomPolicy, Settings, on
from ratchet_tx.backplane.memory import MemoryBackplane
from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.lateclock import LateClock
from ratchet_tx.hub.basis import Basis
from ratchet_tx.hub.identity import Identity
from ratchet_tx.interfaces import IApplication, IClient, IConnection
from ratchet_tx.limits.guard import Guard
from ratchet_tx.transport.handshake.request import Request
from tests.kit.applications import Diary, LoginDiary
from tests.kit.fakes import FakeClient, FakeProvider, FakeTransport, Peer, clockOf, logged, makeShared, startedHub
from tests.kit.roomhub import arrive, roomHub


class FakeExpiry:
    """
    Knows whose login it is to end, and ends none.
    """

    def __init__(self) -> None:
        self.watched: dict[Connection, Any] = {}

    def watch(self, connection: Connection, client: Any) -> None:
        assert not connection.closing, "a connection that is closing isn't watched"
        self.watched[connection] = client

    def forget(self, connection: Connection) -> None:
        self.watched.pop(connection, None)


class FakeDispatch:
    """
    Has no applications to tell anything.
    """

    def announceTo(self, *arguments: Any) -> None:
        raise AssertionError("nobody is told")


class Leaving:
    """
    The rooms of a connection, where something happens when it leaves them.
    """

    spares: dict[str, str] = {}

    def __init__(self, happens: Callable[[Connection], None]) -> None:
        self._happens = happens

    def joined(self, connection: Connection, room: str) -> None:
        pass

    def left(self, connection: Connection, rooms: Any) -> None:
        self._happens(connection)


class TestAlone:
    """
    Without a hub.
    """

    @pytest.fixture
    def basis(self) -> Basis:
        return Basis(LateClock(Clock()), MemoryBackplane())

    @pytest.fixture
    def expiry(self) -> FakeExpiry:
        return FakeExpiry()

    @pytest.fixture
    def identity(self, basis: Basis, expiry: Any) -> Identity:
        guard = Guard(Settings(), basis.counters, basis.answers, guests=False)
        dispatch: Any = FakeDispatch()
        return Identity(basis, FakeProvider(), Applications(), dispatch, guard, expiry, Settings().limits)

    def open(self, identity: Identity, basis: Basis, whenItLeaves: Callable[[Connection], None]) -> Connection:
        connection = Connection(makeShared(broadcast=Leaving(whenItLeaves)), FakeTransport(), Request(), "192.0.2.1", 0)
        basis.directory.add(connection)
        identity.opened(connection)
        return connection

    def test_another(self, identity: Identity, basis: Basis, expiry: FakeExpiry) -> None:
        """A connection that becomes another client's has left its rooms before, and is found as that one's only."""
        clients: list[Any] = []
        connection = self.open(identity, basis, lambda connection: clients.append(connection.client))
        ada, bob = FakeClient("ada"), FakeClient("bob")
        assert identity.loggedIn(connection, ada)
        connection.addRoom("lobby")
        assert identity.loggedIn(connection, bob)
        assert (connection.client, connection.rooms, clients) == (bob, (), [ada])
        assert [list(basis.directory.clients.members(id)) for id in ("ada", "bob")] == [[], [connection]]
        assert expiry.watched == {connection: bob}

    def test_lostMeanwhile(self, identity: Identity, basis: Basis, expiry: FakeExpiry) -> None:
        """A connection that is lost while it leaves its rooms isn't logged in, and nothing is left of it."""

        def lose(connection: Connection) -> None:
            identity.closed(connection)
            connection.end()
            basis.directory.remove(connection)

        connection = self.open(identity, basis, lose)
        assert identity.loggedIn(connection, FakeClient("ada"))
        connection.addRoom("lobby")
        assert not identity.loggedIn(connection, FakeClient("bob"))
        assert connection.client is not None
        assert connection.client.id == "ada"
        assert (basis.directory.all(), len(basis.directory.clients)) == ((), 0)
        assert expiry.watched == {}

    def test_closedMeanwhile(self, identity: Identity, basis: Basis, expiry: FakeExpiry) -> None:
        """One that is closed then isn't either: until it is gone it is the client that it was, and no token expires."""
        connection = self.open(identity, basis, lambda connection: connection.close(4000))
        assert identity.loggedIn(connection, FakeClient("ada"))
        connection.addRoom("lobby")
        assert not identity.loggedIn(connection, FakeClient("bob"))
        assert [list(basis.directory.clients.members(id)) for id in ("ada", "bob")] == [[connection], []]
        assert expiry.watched == {}
        identity.closed(connection)
        connection.end()
        basis.directory.remove(connection)
        assert len(basis.directory.clients) == 0


class TestGuests:
    def test_guestsThatAreNone(self) -> None:
        """A guest whose id is no text is none: the peer is closed with 1011, and its end is told all the same."""

        class Broken(AnonymousClientProvider):
            def anonymousClient(self) -> Any:
                return FakeClient(cast(Any, ["x"]))

        diary = Diary()
        hub = startedHub(diary, clientProvider=Broken())
        with logged() as lines:
            peer = Peer(hub)
        assert peer.transport.closedWith == (1011, "Internal error")
        assert any("id that is a text" in line for line in lines)
        peer.leave()
        assert hub.connections == ()

    def test_guestsThatCantBeMade(self) -> None:
        """Where the provider fails to make an anonymous client, the peer is closed with 1011, and the log says why."""

        class Broken(AnonymousClientProvider):
            def anonymousClient(self) -> Any:
                raise RuntimeError("no more ids")

        with logged() as lines:
            peer = Peer(startedHub(clientProvider=Broken()))
        assert peer.transport.closedWith == (1011, "Internal error")
        assert any("no more ids" in line for line in lines)

    def test_anonymous(self) -> None:
        """With the default provider everybody is in from the start, and a login without a token finds the same client."""
        diary = LoginDiary()
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
        hub = startedHub(LoginDiary())
        client = FakeClient("ada")
        token = hub.issueAccessToken(client)
        peer = Peer(hub)
        guest = peer.connection.client
        peer.logIn(token)
        assert peer.connection.client is not guest
        peer.logIn("")
        assert peer.connection.client is guest

    def test_anonymousClients(self) -> None:
        """Who comes in as nobody has them too; and again when he logs in as somebody."""
        hub = startedHub(limits={"rooms": 2, "eventsPerSecond": 1, "eventsBurst": 2})
        hub.applications.registerRooms("*", RoomPolicy())
        peer = Peer(hub)
        assert peer.connection.allowance.free == 2
        peer.ask("socket.subscribe", {"room": "lobby"})
        assert peer.connection.allowance.free == 1
        hub.parts.identity.loggedIn(peer.connection, FakeClient("ada"))
        assert peer.connection.allowance.free == 2
        peer.ask("socket.subscribe", {"room": "lobby"})
        hub.parts.identity.loggedIn(peer.connection, FakeClient("ada"))
        assert peer.connection.allowance.free == 1


class TestStrangers:
    def test_eventsAreRefused(self) -> None:
        """A stranger's events are refused, until he logs in."""
        peer = Peer(startedHub(LoginDiary(), clientProvider=FakeProvider(sesame="ada")))
        peer.emit("who", id=1)
        peer.logIn("sesame")
        peer.emit("who", id=2)
        refused, _, reply = peer.read()
        assert refused["data"]["error"]["code"] == "auth.required"
        assert reply["data"] == {"ok": True, "result": "ada"}

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


class TestChanging:
    def test_anotherClient(self) -> None:
        """By a second login a connection becomes another client's: the rooms are left before it is told."""
        hub = startedHub(LoginDiary(), clientProvider=FakeProvider(a="ada", b="bob"))
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
        hub.applications.register(lambda client, connection: LoginDiary(), client=IModerator, name="moderators'")
        peer = Peer(hub)
        peer.logIn("a")
        alsoProvides(provider.clients["a"], IModerator)
        peer.logIn("a")
        peer.read()
        peer.emit("who", id=1)
        assert peer.read()[0]["data"]["result"] == "ada"

    def test_anotherLogin(self) -> None:
        """Who logs in as somebody else has left all rooms before he is told; that says it, so nothing else does."""
        hub = roomHub()
        ada = arrive(hub, version=2)
        ada.ask("socket.subscribe", {"room": "lobby"})
        ada.logIn("b", v=2)
        assert [frame["event"] for frame in ada.read()] == ["socket.auth.success"]
        assert ada.connection.rooms == ()


class Feed:
    """
    An application that records its open and its close.
    """

    made: ClassVar[list["Feed"]] = []
    order: ClassVar[list[Any]] = []

    def __init__(self, client: Any, connection: Any) -> None:
        self.client = None if client is None else client.id
        self.heard: list[Any] = []
        Feed.made.append(self)

    @on("socket.open", "socket.auth.success", "socket.close")
    def note(self, event: Any) -> None:
        who = event.connection.client
        Feed.order.append((Feed.made.index(self), event.payload.event))
        self.heard.append((event.payload.event, None if who is None else who.id, event.payload.data))

    @on("whose")
    def whose(self, event: Any) -> Any:
        return Feed.made.index(self)

    @property
    def events(self) -> list[str]:
        return [event.removeprefix("socket.") for event, _, _ in self.heard]


class IModerator(IClient):
    """Who may do more."""


class TestReplaced:
    """
    Applications that are made for each connection, kept or replaced at a login.
    """

    @pytest.fixture(autouse=True)
    def _clean(self) -> None:
        Feed.made = []

    def hub(self, **arguments: Any) -> Any:
        provider = FakeProvider(a="ada", again="ada", m="ada", b="bob", **arguments)
        alsoProvides(provider.clients["m"], IModerator)
        hub = startedHub(clientProvider=provider)
        hub.applications.register(Feed)
        return hub

    def test_sameClient(self) -> None:
        """A renewed token, or another login of the same client, keeps the applications, however often."""
        peer = Peer(self.hub())
        peer.logIn("a")
        for _ in range(3):
            peer.ask("socket.auth.refresh", {"token": "again"})
            peer.logIn("again")
        assert peer.ask("whose") == 0
        peer.leave()
        (feed,) = Feed.made
        assert feed.events == ["auth.success"] * 4 + ["close"]

    def test_anotherClient(self) -> None:
        """Another client's login ends an application once, with its own client, before the new one hears of the login."""
        peer = Peer(self.hub())
        peer.logIn("a")
        peer.connection.join("lobby")
        Feed.order.clear()
        peer.logIn("b")
        assert peer.ask("whose") == 1
        first, second = Feed.made
        assert Feed.order == [(0, "socket.close"), (1, "socket.auth.success")]
        assert first.heard[1:] == [("socket.close", "ada", {"code": 1000, "reason": "Another login", "clean": True})]
        assert second.events == ["auth.success"]
        peer.leave()
        assert (first.events, second.events) == (["auth.success", "close"], ["auth.success", "close"])
        assert second.heard[-1] == ("socket.close", "bob", {"code": 1000, "reason": "", "clean": True})

    def test_otherRegistrations(self) -> None:
        """Other registrations that come or go don't end an application."""
        hub = self.hub()
        peer = Peer(hub)
        peer.logIn("a")
        hub.applications.register(lambda client, connection: Feed(client, connection), name="later")
        peer.logIn("again")
        assert [feed.events for feed in Feed.made] == [["auth.success"] * 2, ["auth.success"]]
        hub.applications.registry.unregisterAdapter(required=[IClient, IConnection], provided=IApplication, name="later")
        assert peer.ask("socket.auth.refresh", {"token": "a"}) == {"expires": None}
        assert [feed.events for feed in Feed.made] == [["auth.success"] * 2, ["auth.success", "close"]]
        assert Feed.made[1].heard[-1][2]["reason"] == "Another login"
        hub.applications.add(Diary(), name="shared")
        peer.logIn("a")
        peer.leave()
        assert [feed.events for feed in Feed.made] == [["auth.success"] * 3 + ["close"], ["auth.success", "close"]]

    def test_otherInterfaces(self) -> None:
        """A login of the same client with other interfaces ends it."""
        peer = Peer(self.hub())
        for token in ("a", "m", "m", "a"):
            peer.logIn(token)
        peer.leave()
        assert [feed.events for feed in Feed.made] == [
            ["auth.success", "close"],
            ["auth.success", "auth.success", "close"],
            ["auth.success", "close"],
        ]

    def test_guests(self) -> None:
        """A guest's application ends at the login, and another one is made when the client is a guest again."""
        hub = startedHub()
        hub.applications.register(Feed)
        token = hub.issueAccessToken(FakeClient("ada"))
        peer = Peer(hub)
        peer.logIn(token)
        peer.logIn("")
        peer.leave()
        assert [feed.events for feed in Feed.made] == [
            ["open", "close"],
            ["auth.success", "close"],
            ["auth.success", "close"],
        ]

    def test_strangers(self) -> None:
        """A stranger's application ends at the login, too."""
        hub = startedHub(clientProvider=FakeProvider(a="ada"))
        hub.applications.register(Feed, client=None)
        peer = Peer(hub)
        peer.logIn("wrong")
        peer.logIn("a")
        peer.leave()
        assert [(feed.client, feed.events) for feed in Feed.made] == [
            (None, ["open", "close"]),
            ("ada", ["auth.success", "close"]),
        ]

    def test_failures(self) -> None:
        """Factories that failed or gave None are called again at each login; existing applications are kept."""
        results: list[Any] = [None, ValueError("not now"), None, Feed]

        def some(client: Any, connection: Any) -> Any:
            result = results.pop(0)
            if isinstance(result, Exception):
                raise result
            return None if result is None else result(client, connection)

        hub = startedHub(clientProvider=FakeProvider(a="ada"))
        hub.applications.register(some, name="some")
        hub.applications.register(Feed, name="always")
        peer = Peer(hub)
        with logged():
            for _ in range(6):
                peer.logIn("a")
        peer.leave()
        assert [feed.events for feed in Feed.made] == [["auth.success"] * 6 + ["close"], ["auth.success"] * 3 + ["close"]]

    def test_shared(self) -> None:
        """A shared application gets C{socket.close} once, when the connection ends."""
        hub = self.hub()
        shared = Feed(None, None)
        hub.applications.add(shared, name="shared")
        peer = Peer(hub)
        peer.logIn("a")
        peer.logIn("b")
        peer.leave()
        assert shared.events == ["open", "auth.success", "auth.success", "close"]

    def test_isKeptOut(self) -> None:
        """An application that closes the connection at its own end stops the next client's login."""
        hub = self.hub()

        class Closing:
            def __init__(self, client: Any, connection: Any) -> None:
                pass

            @on("socket.close")
            def end(self, event: Any) -> None:
                event.connection.close(4000)

        hub.applications.register(Closing)
        peer = Peer(hub)
        peer.logIn("a")
        peer.logIn("b")
        assert len(peer.read()) == 1
        peer.leave()
        assert [feed.events for feed in Feed.made] == [["auth.success", "close"]]

    def test_closesThen(self) -> None:
        """An application that aborts the connection at its own end gets one C{socket.close}."""
        hub = self.hub()
        peer = Peer(hub)
        ends: list[Any] = []

        class Ending:
            def __init__(self, client: Any, connection: Any) -> None:
                pass

            @on("socket.close")
            def end(self, event: Any) -> None:
                ends.append(event.payload.data)
                hub.peers.closed(event.connection, 1006, "", clean=False)

        hub.applications.register(Ending)
        peer.logIn("a")
        peer.logIn("b")
        assert len(ends) == 1
        assert [feed.events for feed in Feed.made] == [["auth.success", "close"]]
        assert hub.connections == ()
        hub.emit("x", client="bob")
        assert peer.read()[1:] == []
