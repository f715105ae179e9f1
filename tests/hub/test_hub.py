"""
The hub: what comes in reaches the applications, and what they say reaches everybody whom it is for.
"""

from typing import Any, cast

import msgspec
import pytest
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from zope.interface import implementer
from zope.interface.verify import verifyObject

from ratchet_tx import AnonymousClientProvider, Applications, Hub, PeerError, RoomPolicy, UsageError, on
from ratchet_tx.backplane.memory import MemoryBackplane
from ratchet_tx.happenings import Closed, Dispatched, LoggedIn, LoginFailed, Opened, Refused
from ratchet_tx.hub.published import Position
from ratchet_tx.interfaces import IClientProvider, IHub
from tests.kit.fakes import FakeClient, FakeProvider, FakeTimer, Peer, clockOf, logged, override, startedHub, succeeded
from tests.kit.roomhub import arrive, roomHub


class Echo:
    """
    Says what it is told, and can wait for the test.
    """

    def __init__(self) -> None:
        self.asked: list[Deferred[Any]] = []
        self.order: list[Any] = []

    @on("echo")
    def echo(self, event: Any) -> Any:
        self.order.append(event.payload.data)
        event.connection.emit("echo", event.payload.data)
        return event.payload.data

    @on("later")
    def later(self, event: Any) -> Deferred[Any]:
        self.order.append(event.payload.data)
        self.asked.append(Deferred())
        return self.asked[-1]

    @on("beside", ordered=False)
    def beside(self, event: Any) -> Deferred[Any]:
        return self.later(event)

    @on("shout")
    def shout(self, event: Any) -> None:
        event.connection.broadcast("shout", event.payload.data)


class Diary:
    """
    Writes down which of the protocol's own events it is told.
    """

    def __init__(self) -> None:
        self.entries: list[tuple[str, Any]] = []

    @on(
        "socket.open",
        "socket.close",
        "socket.error",
        "socket.message",
        "socket.auth.success",
        "socket.auth.failure",
    )
    def note(self, event: Any) -> None:
        self.entries.append((event.payload.event, event.payload.data))

    def names(self) -> list[str]:
        return [event for event, _ in self.entries]


class TestBeginning:
    def test_interface(self) -> None:
        """A hub provides what IHub asks for."""
        verifyObject(IHub, Hub())

    def test_providersAreChecked(self) -> None:
        """A provider that lacks a method is refused when the hub is made, by a message that names it."""

        @implementer(IClientProvider)
        class Half:
            def findByAccessToken(self, accessToken: str) -> None:
                pass

        with pytest.raises(UsageError, match=r"Half does not provide all of IClientProvider: it has no updateClient"):
            Hub(clientProvider=Half())

    def test_noClockYet(self) -> None:
        """A hub that nobody serves says how to have it served."""
        with pytest.raises(UsageError, match="RatchetServerFactory"):
            Hub().startService()

    def test_startingTwice(self) -> None:
        """Starting a hub that runs does nothing."""
        timer = FakeTimer()
        hub = startedHub()
        hub.timers.add(timer)
        hub.startService()
        clockOf(hub).advance(1)
        assert timer.ticks == 1

    def test_theFirstServerStartsAndTheLastStops(self) -> None:
        """Two servers may serve one hub: it runs from the first one's start to the last one's stop."""
        hub = Hub()
        hub.attach("one", Clock())
        hub.attach("other", Clock())
        hub.detach("one")
        assert hub.running
        hub.detach("other")
        assert not hub.running

    def test_emptyProviders(self) -> None:
        """A provider that knows nobody yet is one all the same: nobody comes in anonymously for that."""

        class Store(FakeProvider):
            def __len__(self) -> int:
                return 0

        store = Store()
        assert Hub(clientProvider=store).clientProvider is store

    def test_aHubOfAService(self) -> None:
        """A hub that belongs to a service goes on when a server of its own leaves."""
        parent = MultiService()
        hub = Hub(clock=Clock())
        hub.setServiceParent(parent)
        parent.startService()
        hub.attach("server", Clock())
        hub.detach("server")
        assert hub.running
        parent.stopService()
        assert not hub.running

    def test_theFirstClockCounts(self) -> None:
        """A hub keeps the clock that it was made with."""
        clock = Clock()
        hub = Hub(clock=clock)
        hub.attach("server", Clock())
        assert hub.clock is clock

    def test_noApplication(self) -> None:
        """A hub without an application says in the log how to add one."""
        with logged() as lines:
            startedHub()
        assert any("--application" in line for line in lines)

    def test_aBackplaneThatCantStartIsLogged(self) -> None:
        """A backplane that fails to start is told in the log."""
        backplane = MemoryBackplane()
        failing: Deferred[None] = Deferred()
        override(backplane, start=lambda receive, clock: failing)
        startedHub(backplane=backplane)
        with logged() as lines:
            failing.errback(OSError("no such host"))
        assert any("no such host" in line for line in lines)


class TestEvents:
    def test_dispatch(self) -> None:
        """An event that an application names is handled, and its result is the reply."""
        peer = Peer(startedHub(Echo()))
        peer.emit("echo", [1, None], id=7)
        assert peer.read() == [
            {"event": "echo", "data": [1, None]},
            {"event": "socket.reply", "data": {"ok": True, "result": [1, None]}, "re": 7},
        ]

    def test_noIdNoReply(self) -> None:
        """Who sends no id is never sent a reply."""
        peer = Peer(startedHub(Echo()))
        peer.emit("later", 1)
        peer.emit("nothing", 1)
        assert peer.read() == []

    @pytest.mark.parametrize(
        "event", ["unheard.of", "socket.open", "socket.message", "socket.auth.success", "socket.nonsense"]
    )
    def test_onlyRegisteredEvents(self, event: str) -> None:
        """An event that nobody registered is refused, and nobody can forge one of the protocol's own."""
        diary = Diary()
        hub = startedHub(diary)
        peer = Peer(hub)
        peer.emit(event, {"client": "forged"}, id=1)
        (reply,) = peer.read()
        assert reply["data"]["error"]["code"] == "event.unknown"
        assert diary.names() == ["socket.open"]
        assert hub.counters.refused["event.unknown"] == 1

    def test_badTextIsAnsweredOnlyIfItHadAnId(self) -> None:
        """What isn't an envelope is counted, and answered where its id could be read."""
        hub = startedHub(Echo())
        peer = Peer(hub)
        for text in (b"", b"[]", b"{", b"\xff", b'{"event":""}', b"[" * 30_000, b'{"event":"echo","data":NaN}'):
            peer.sendText(text)
        assert peer.read() == []
        peer.sendText(b'{"event":"","id":3}')
        (reply,) = peer.read()
        assert reply["re"] == 3
        assert reply["data"]["error"]["code"] == "payload.invalid"
        assert reply["data"]["error"]["path"] == "$.event"
        assert hub.counters.refused["payload.invalid"] == 8

    def test_refusedToVersionTwo(self) -> None:
        """A peer that announced version 2 is told of a refused event without an id."""
        peer = Peer(startedHub(Echo()))
        peer.logIn("", v=2)
        peer.read()
        peer.emit("unheard.of")
        assert peer.read() == [
            {
                "event": "socket.refused",
                "data": {"event": "unheard.of", "code": "event.unknown", "message": "Unregistered event"},
            }
        ]

    def test_inOrder(self) -> None:
        """The next event of a connection waits until the last one's Deferred has fired."""
        echo = Echo()
        peer = Peer(startedHub(echo))
        peer.emit("later", 1, id=1)
        peer.emit("echo", 2)
        peer.emit("later", 3, id=3)
        peer.emit("echo", 4)
        assert echo.order == [1]
        echo.asked[0].callback("first")
        assert echo.order == [1, 2, 3]
        echo.asked[1].callback("third")
        assert echo.order == [1, 2, 3, 4]
        assert [frame.get("re") for frame in peer.read()] == [1, None, 3, None]

    def test_otherConnectionsDontWait(self) -> None:
        """One connection's slow handler holds up nobody else."""
        echo = Echo()
        hub = startedHub(echo)
        slow, quick = Peer(hub), Peer(hub)
        slow.emit("later", 1)
        quick.emit("echo", 2)
        assert quick.read() == [{"event": "echo", "data": 2}]

    def test_unordered(self) -> None:
        """An event that opted out of the order neither waits nor is waited for."""
        echo = Echo()
        peer = Peer(startedHub(echo))
        peer.emit("later", 1)
        peer.emit("beside", 2)
        peer.emit("beside", 3)
        assert echo.order == [1, 2, 3]
        echo.asked[0].callback(None)
        peer.emit("echo", 4)
        assert echo.order == [1, 2, 3, 4]

    def test_handlerTimeOut(self) -> None:
        """A handler that takes too long is cancelled and answered, and the next event goes on."""
        cancelled: list[Any] = []

        class Slow:
            @on("slow")
            def slow(self, event: Any) -> Deferred[Any]:
                return Deferred(cancelled.append)

            @on("quick")
            def quick(self, event: Any) -> str:
                return "done"

        hub = startedHub(Slow(), limits={"handlerSeconds": 30})
        peer = Peer(hub)
        peer.emit("slow", id=1)
        peer.emit("quick", id=2)
        clockOf(hub).advance(29.9)
        assert peer.read() == []
        clockOf(hub).advance(0.1)
        first, second = peer.read()
        assert first["data"]["error"]["code"] == "handler.timeout"
        assert first["data"]["error"]["retry"] is True
        assert second["data"] == {"ok": True, "result": "done"}
        assert len(cancelled) == 1

    def test_failingHandler(self) -> None:
        """A handler that raises is told to the peer by a reference only, and to applications as socket.error."""
        diary = Diary()

        class Bad:
            @on("bad")
            def bad(self, event: Any) -> None:
                raise ValueError("the password is sesame")

        hub = startedHub(diary, Bad())
        peer = Peer(hub)
        with logged() as lines:
            peer.emit("bad", id=1)
        (reply,) = peer.read()
        error = reply["data"]["error"]
        assert error["code"] == "handler.failed"
        assert "sesame" not in str(reply)
        assert diary.entries[-1] == ("socket.error", {"event": "bad", "code": "handler.failed", "ref": error["ref"]})
        assert sum(error["ref"] in line for line in lines) == 1
        assert peer.transport.closedWith is None

    @pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit, BaseException, StopIteration])
    def test_handlersThatWantToEndItAll(self, error: type[BaseException]) -> None:
        """Whatever a handler raises is a failure of that handler, and of nothing else."""

        class Bad:
            @on("bad", "socket.open", "socket.close")
            def bad(self, event: Any) -> None:
                raise error

            @on("worse")
            async def worse(self, event: Any) -> None:
                raise error

        hub = startedHub(Bad())
        with logged() as lines:
            peer = Peer(hub)
            peer.emit("bad", id=1)
            peer.emit("worse", id=2)
            peer.leave()
        assert [frame["data"]["error"]["code"] for frame in peer.read()] == ["handler.failed"] * 2
        assert len(lines) == 4
        assert hub.connections == ()

    def test_failingErrorHandler(self) -> None:
        """A socket.error handler that fails is logged, and not told of itself."""

        class Bad:
            @on("bad", "socket.error")
            def bad(self, event: Any) -> None:
                raise ValueError(event.payload.event)

        hub = startedHub(Bad())
        peer = Peer(hub)
        with logged() as lines:
            peer.emit("bad")
        assert sum("failed" in line for line in lines) == 2
        assert hub.counters.failures == 2

    def test_resultThatIsNotJSON(self) -> None:
        """A result that JSON can't say is a failure of the handler, and told as one."""

        class Odd:
            @on("odd")
            def odd(self, event: Any) -> Any:
                return object()

        peer = Peer(startedHub(Odd()))
        with logged() as lines:
            peer.emit("odd", id=1)
        (reply,) = peer.read()
        assert reply["data"]["error"]["code"] == "handler.failed"
        assert any("can't be sent as JSON" in line for line in lines)

    def test_socketMessage(self) -> None:
        """Before an accepted event's handlers, those of socket.message are given its own payload; never a login."""
        diary = Diary()
        peer = Peer(startedHub(diary, Echo()))
        peer.emit("echo", "x")
        peer.emit("unheard.of")
        peer.logIn("")
        assert diary.entries[1:] == [
            ("echo", "x"),
            ("socket.auth.success", {"client": {"username": None, "anonymous": True}}),
        ]


class TestLife:
    def test_openAndClose(self) -> None:
        """An application hears of each connection's beginning and end, once."""
        diary = Diary()
        hub = startedHub(diary)
        peer = Peer(hub)
        assert hub.connections == (peer.connection,)
        peer.leave(4000, "bye")
        peer.leave(1006, "", clean=False)
        assert diary.entries == [
            ("socket.open", None),
            ("socket.close", {"code": 4000, "reason": "bye", "clean": True}),
        ]
        assert hub.connections == ()
        assert (hub.counters.opened, hub.counters.closed) == (1, 1)

    def test_ourOwnCloseIsToldAsOurs(self) -> None:
        """Where we closed, socket.close tells our code, whatever the peer answered."""
        diary = Diary()
        peer = Peer(startedHub(diary))
        peer.connection.close(4321, "enough")
        peer.leave(1006, "lost", clean=False)
        assert diary.entries[-1] == ("socket.close", {"code": 4321, "reason": "enough", "clean": False})

    def test_eventsWaitForOpen(self) -> None:
        """A peer's first event waits until socket.open has been handled."""
        opening: Deferred[None] = Deferred()

        class Slow(Echo):
            @on("socket.open")
            def open(self, event: Any) -> Deferred[None]:
                return opening

        echo = Slow()
        peer = Peer(startedHub(echo))
        peer.emit("echo", 1)
        assert echo.order == []
        opening.callback(None)
        assert echo.order == [1]

    def test_whatGoesOnEndsWithTheConnection(self) -> None:
        """At a connection's end its running handlers are cancelled and its waiting events dropped."""
        cancelled: list[Any] = []

        class Slow(Echo):
            @on("slow")
            def slow(self, event: Any) -> Deferred[Any]:
                return Deferred(cancelled.append)

            @on("slow.beside", ordered=False)
            def slowBeside(self, event: Any) -> Deferred[Any]:
                return Deferred(cancelled.append)

        echo, diary = Slow(), Diary()
        peer = Peer(startedHub(echo, diary))
        peer.emit("slow.beside")
        peer.emit("slow", id=1)
        peer.emit("echo", 2)
        with logged() as lines:
            peer.leave()
        assert len(cancelled) == 2
        assert echo.order == []
        assert peer.read() == []
        assert diary.names()[-1] == "socket.close"
        assert lines == []

    def test_nothingIsTakenWhileClosing(self) -> None:
        """What a peer sends after we began to close is dropped."""
        echo = Echo()
        peer = Peer(startedHub(echo))
        peer.emit("later", 1)
        peer.emit("echo", 2)
        peer.connection.close()
        peer.emit("echo", 3)
        echo.asked[0].callback(None)
        assert echo.order == [1]

    def test_renamedClients(self) -> None:
        """A client whose id is another by now ends like any other."""
        diary = Diary()
        hub = startedHub(diary, clientProvider=FakeProvider(a="ada"))
        peer = Peer(hub)
        peer.logIn("a")
        override(peer.connection.client, id="grace")
        peer.leave()
        assert diary.names()[-1] == "socket.close"
        hub.emit("x", client="ada")

    def test_tooMuchBesides(self) -> None:
        """Events that nobody waits for fill the line, too: no peer can make endlessly many go on at once."""

        class Slow(Echo):
            pass

        echo = Slow()
        peer = Peer(startedHub(echo, limits={"receiveQueueEvents": 2}))
        for _ in range(2):
            peer.emit("beside")
        assert not peer.transport.reading
        echo.asked[0].callback(None)
        assert peer.transport.reading

    def test_ownEventsAreAnsweredToNobody(self) -> None:
        """What handlers of the protocol's own events raise is logged, and told to no peer, who didn't ask."""

        class Refuses:
            @on("socket.auth.success")
            def refuse(self, event: Any) -> None:
                raise PeerError("no.thanks")

            @on("socket.open")
            def fail(self, event: Any) -> None:
                raise ValueError

        with logged() as lines:
            peer = Peer(startedHub(Refuses()))
            peer.logIn("", v=2)
            peer.logIn("", v=2)
        assert {frame["event"] for frame in peer.read()} == {"socket.auth.success"}
        assert sum("no.thanks" in line for line in lines) == 2
        assert sum("ValueError" in line for line in lines) == 1

    def test_slowCloseHandlers(self) -> None:
        """A socket.close handler that takes too long is cancelled like any other."""
        cancelled: list[Any] = []

        class Slow:
            @on("socket.close")
            def close(self, event: Any) -> Deferred[Any]:
                return Deferred(cancelled.append)

        hub = startedHub(Slow(), limits={"handlerSeconds": 5})
        Peer(hub).leave()
        clockOf(hub).advance(5)
        assert len(cancelled) == 1

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


class TestMany:
    def test_broadcast(self) -> None:
        """A broadcast reaches everybody but its sender, and the strangers who haven't logged in."""
        hub = startedHub(Echo(), clientProvider=FakeProvider(a="ada", b="bob"))
        ada, bob, stranger = Peer(hub), Peer(hub), Peer(hub)
        ada.logIn("a")
        bob.logIn("b")
        for peer in (ada, bob):
            peer.read()
        ada.emit("shout", "hi")
        assert (ada.read(), bob.read(), stranger.read()) == ([], [{"event": "shout", "data": "hi"}], [])

    def test_everyNode(self) -> None:
        """What is sent to many reaches the connections of every node."""
        one = startedHub(Echo())
        other = startedHub(backplane=MemoryBackplane(one.backplane))
        here, there = Peer(one), Peer(other)
        here.emit("shout", 1)
        one.emit("news", {"x": [1]})
        assert here.read() == [{"event": "news", "data": {"x": [1]}}]
        assert there.read() == [{"event": "shout", "data": 1}, {"event": "news", "data": {"x": [1]}}]

    def test_roomsAndClients(self) -> None:
        """A room's events reach who is in it, a client's reach every connection of his, and both the ones that are both."""
        hub = startedHub(clientProvider=FakeProvider(a="ada", b="bob"))
        ada, again, bob = Peer(hub), Peer(hub), Peer(hub)
        for peer, token in ((ada, "a"), (again, "a"), (bob, "b")):
            peer.logIn(token)
            peer.read()
        ada.connection.join("lobby")
        bob.connection.join("lobby")
        hub.emit("room", 1, room="lobby")
        hub.emit("client", 2, client="ada")
        hub.emit("both", 3, room="lobby", client="ada")
        room = {"event": "room", "data": 1, "room": "lobby"}
        client = {"event": "client", "data": 2}
        assert ada.read() == [room, client, {"event": "both", "data": 3, "room": "lobby"}]
        assert again.read() == [client]
        assert bob.read() == [room]

    def test_roomsWithAHistory(self) -> None:
        """What is published to a room with a history is numbered, on every node, and the publisher is told its position."""
        one = startedHub()
        other = startedHub(backplane=MemoryBackplane(one.backplane))
        for hub in (one, other):
            hub.applications.registerRooms("news", RoomPolicy(10, 60))
            hub.applications.registerEvent("item", whenSlow="drop")
        here, there = Peer(one), Peer(other)
        for peer in (here, there):
            peer.connection.join("news")
        epoch, offset = succeeded(one.emit("item", "a", room="news"))
        assert offset == 1
        assert succeeded(other.emit("item", "b", room="news")) == Position(epoch, 2)
        heard = [
            {"event": "item", "data": "a", "room": "news", "offset": 1},
            {"event": "item", "data": "b", "room": "news", "offset": 2},
        ]
        assert here.read() == there.read() == heard
        assert here.transport.spares == [None, None]

    def test_forOneClientOfARoomWithAHistory(self) -> None:
        """What is for one client in a room has no number, for the others would miss it."""
        hub = startedHub(clientProvider=FakeProvider(a="ada"))
        hub.applications.registerRooms("news", RoomPolicy(10, 60))
        ada = Peer(hub)
        ada.logIn("a")
        ada.connection.join("news")
        assert succeeded(hub.emit("item", "a", room="news", client="ada")) is None
        assert ada.read()[1:] == [{"event": "item", "data": "a", "room": "news"}]
        assert succeeded(hub.emit("item", "b", room="news")).offset == 1

    def test_aRoomsLifeIsOfTheHubsTime(self) -> None:
        """How long a room remembers goes by the hub's clock."""
        hub = startedHub()
        hub.applications.registerRooms("news", RoomPolicy(10, 60))
        epoch, _ = succeeded(hub.emit("item", room="news"))
        clockOf(hub).advance(59)
        assert succeeded(hub.emit("item", room="news")) == Position(epoch, 2)
        clockOf(hub).advance(60)
        assert succeeded(hub.emit("item", room="news")).epoch != epoch

    def test_disconnectAndLeave(self) -> None:
        """A client can be taken out of a room, and closed, on every connection of his."""
        one = startedHub(clientProvider=FakeProvider(a="ada", b="bob"))
        other = startedHub(backplane=MemoryBackplane(one.backplane), clientProvider=FakeProvider(a="ada"))
        ada, again, bob = Peer(one), Peer(other), Peer(one)
        for peer, token in ((ada, "a"), (again, "a"), (bob, "b")):
            peer.logIn(token)
            peer.connection.join("lobby")
        one.leave("ada", "lobby")
        assert (ada.connection.rooms, again.connection.rooms, bob.connection.rooms) == ((), (), ("lobby",))
        one.disconnect("ada")
        assert ada.transport.closedWith == again.transport.closedWith == (4503, "Disconnected by the server")
        assert bob.transport.closedWith is None

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("socket.open",), "protocol's own"),
            (("",), "1 to 128"),
            (("x" * 129,), "1 to 128"),
            ((5,), "is a text, not int"),
            (("x", object()), "JSON"),
            (("x", "\ud800"), "surrogate"),
            (("x", None, ""), "a room"),
        ],
    )
    def test_whatCantBeSent(self, arguments: Any, said: str) -> None:
        """An event that can't be sent is the caller's error, which says why."""
        with pytest.raises(UsageError, match=said):
            startedHub().emit(*arguments)

    @pytest.mark.parametrize("id", [5, None, ["ada"], {"ada": 1}])
    def test_idsThatAreNone(self, id: Any) -> None:
        """A client is named by a text; whatever else, be it a peer's, is the caller's error."""
        hub = startedHub()
        calls = [lambda: hub.disconnect(id), lambda: hub.leave(id, "lobby")]
        for call in calls if id is None else [*calls, lambda: hub.emit("x", client=id)]:
            with pytest.raises(UsageError, match="by its id"):
                call()

    def test_codesThatCantBeSent(self) -> None:
        """A client can't be closed with a code that RFC 6455 keeps for other things."""
        with pytest.raises(UsageError, match="1006"):
            startedHub().disconnect("ada", code=1006)

    def test_whoFailsIsDroppedAfterwards(self) -> None:
        """Where one peer can't be sent to, all others are, and he is dropped."""
        hub = startedHub()
        peers = [Peer(hub) for _ in range(3)]

        def fail(frame: bytes, spare: Any) -> None:
            raise OSError("broken pipe")

        override(peers[1].transport, send=fail)
        with logged() as lines:
            hub.emit("news", 1)
        assert [len(peer.read()) for peer in peers] == [1, 0, 1]
        assert [peer.transport.aborted for peer in peers] == [False, True, False]
        assert any("broken pipe" in line for line in lines)

    def test_whoLeavesMeanwhile(self) -> None:
        """Who goes while something is sent to many keeps nobody else from getting it."""
        hub = startedHub()
        peers = [Peer(hub) for _ in range(3)]

        def leave(frame: bytes, spare: Any) -> None:
            for peer in peers[:2]:
                peer.leave(1006, "", clean=False)

        override(peers[0].transport, send=leave)
        hub.emit("news", 1)
        assert [len(peer.read()) for peer in peers] == [0, 0, 1]


class TestTokens:
    def test_issueAccessToken(self) -> None:
        """A web login gives a client a token, by which the socket can log in."""
        provider = FakeProvider()
        hub = startedHub(clientProvider=provider)
        client = FakeClient("ada")
        token = hub.issueAccessToken(client)
        assert provider.updated == [client]
        assert client.accessToken == token
        assert len(token) >= 43

    def test_theDefaultProviderKnowsItsTokens(self) -> None:
        """With no provider of one's own, a token that was issued brings the same anonymous client back."""
        hub = startedHub()
        first = Peer(hub)
        assert first.connection.client is not None
        token = hub.issueAccessToken(first.connection.client)
        second = Peer(hub)
        second.logIn(token)
        assert second.connection.client is not None
        assert second.connection.client.id == first.connection.client.id


class TestStopping:
    def test_everythingIsTakenLeaveOf(self) -> None:
        """Stopping closes every connection with 1001, and ends when the last one and the last tick are gone."""
        tick: Deferred[None] = Deferred()
        hub = startedHub()
        hub.timers.add(FakeTimer(result=tick))
        peers = [Peer(hub), Peer(hub)]
        clockOf(hub).advance(1)
        stopped: list[Any] = []
        hub.stopService().addCallback(stopped.append)
        assert [peer.transport.closedWith for peer in peers] == [(1001, "Going away")] * 2
        peers[0].leave()
        tick.callback(None)
        assert stopped == []
        peers[1].leave()
        assert stopped == [None]
        assert clockOf(hub).getDelayedCalls() == []

    def test_whatWasSentIsHandled(self) -> None:
        """What a peer has sent already is handled and answered before it is closed; what it sends then is dropped."""
        echo = Echo()
        hub = startedHub(echo)
        peer = Peer(hub)
        peer.emit("later", 1, id=1)
        peer.emit("beside", 2, id=2)
        peer.emit("echo", 3, id=3)
        hub.stopService()
        peer.emit("echo", 4, id=4)
        assert peer.transport.closedWith is None
        echo.asked[0].callback("done")
        assert [frame.get("re") for frame in peer.read()] == [1, None, 3]
        assert peer.transport.closedWith is None
        echo.asked[1].callback("done")
        assert [frame.get("re") for frame in peer.read()] == [2]
        assert peer.transport.closedWith == (1001, "Going away")

    def test_askingWhileStopping(self) -> None:
        """A handler that goes on may still ask its peer."""

        class Asks:
            @on("begin")
            async def begin(self, event: Any) -> Any:
                await event.connection.ask("one")
                return await event.connection.ask("other")

        hub = startedHub(Asks())
        peer = Peer(hub)
        peer.emit("begin", id=1)
        hub.stopService()
        peer.emit("socket.reply", {"ok": True}, re="s1")
        peer.emit("socket.reply", {"ok": True, "result": 2}, re="s2")
        assert peer.read()[-1]["data"] == {"ok": True, "result": 2}

    def test_onlyRepliesWhileStopping(self) -> None:
        """What only pretends to be a reply, by the id of a question, is dropped like everything else that is new."""
        echo = Echo()
        hub = startedHub(echo)
        peer = Peer(hub)
        peer.emit("later", id=1)
        hub.stopService()
        peer.emit("beside", id=2, re="s1")
        peer.emit("socket.ping", id=3, re="s1")
        assert len(echo.asked) == 1
        assert peer.read() == []

    def test_versionTwo(self) -> None:
        """Peers of version 2 are told to come again, and when, and closed with 4001."""
        hub = startedHub()
        peer = Peer(hub)
        peer.logIn("", v=2)
        peer.read()
        hub.stopService()
        bye = {"code": "server.drain", "reconnect": True, "after": [0, 5]}
        assert peer.read() == [{"event": "socket.bye", "data": bye}]
        assert peer.transport.closedWith == (4001, "Going away")

    def test_abandoning(self) -> None:
        """A hub that is abandoned waits for nobody, whatever he does about it."""
        hub = startedHub(Echo())
        hub.timers.add(FakeTimer(result=lambda: Deferred()))
        peer = Peer(hub)
        clockOf(hub).advance(1)
        stopped: list[Any] = []
        hub.stopService().addCallback(stopped.append)
        hub.abandon()
        assert (stopped, hub.overdue, peer.transport.aborted) == ([None], True, True)
        peer.leave(1006, "", clean=False)
        assert stopped == [None]
        hub.abandon()

    def test_closeHandlersAreWaitedFor(self) -> None:
        """Stopping waits for socket.close handlers that are not done yet."""
        saving: Deferred[None] = Deferred()

        class Saves:
            @on("socket.close")
            def save(self, event: Any) -> Deferred[None]:
                return saving

        hub = startedHub(Saves())
        peer = Peer(hub)
        stopped: list[Any] = []
        hub.stopService().addCallback(stopped.append)
        peer.leave()
        assert stopped == []
        saving.callback(None)
        assert stopped == [None]

    def test_deadline(self) -> None:
        """What hasn't ended by the deadline is dropped and cancelled."""
        cancelled: list[Any] = []

        class Hangs:
            @on("socket.close")
            def hang(self, event: Any) -> Deferred[None]:
                return Deferred(cancelled.append)

        hub = startedHub(Hangs(), limits={"drainSeconds": 3, "handlerSeconds": 0})
        hub.timers.add(FakeTimer(result=lambda: Deferred(cancelled.append)))
        stays, goes = Peer(hub), Peer(hub)
        clockOf(hub).advance(1)
        stopped: list[Any] = []
        with logged() as lines:
            hub.stopService().addCallback(stopped.append)
            goes.leave()
            clockOf(hub).advance(3)
        assert stays.transport.aborted
        assert any("3 s" in line for line in lines)
        stays.leave(1006, "", clean=False)
        clockOf(hub).advance(3)
        assert len(cancelled) == 3
        assert stopped == [None]

    def test_noDeadline(self) -> None:
        """Where the limit is switched off, stopping waits for as long as it takes."""
        hub = startedHub(limits={"drainSeconds": 0})
        peer = Peer(hub)
        stopped: list[Any] = []
        hub.stopService().addCallback(stopped.append)
        clockOf(hub).advance(10_000)
        assert (stopped, peer.transport.aborted) == ([], False)
        peer.leave()
        assert stopped == [None]

    def test_stoppingTwice(self) -> None:
        """Stopping a hub that doesn't run is done at once."""
        hub = startedHub()
        hub.stopService()
        stopped: list[Any] = []
        hub.stopService().addCallback(stopped.append)
        assert stopped == [None]

    def test_stoppingTwiceAtOnce(self) -> None:
        """Who stops a hub that is stopping already waits for the same; starting it meanwhile is an error."""
        hub = startedHub()
        peer = Peer(hub)
        stopped: list[Any] = []
        hub.stopService().addCallback(stopped.append)
        hub.stopService().addCallback(stopped.append)
        with pytest.raises(UsageError, match="still stopping"):
            hub.startService()
        assert stopped == []
        peer.leave()
        assert stopped == [None, None]
        hub.startService()
        assert hub.running

    def test_aBackplaneThatCantStop(self) -> None:
        """A backplane that fails to stop is logged, and the hub has stopped."""
        hub = startedHub()

        def stop() -> None:
            raise OSError("no such host")

        override(hub.backplane, stop=stop)
        stopped: list[Any] = []
        with logged() as lines:
            hub.stopService().addCallback(stopped.append)
        assert stopped == [None]
        assert any("no such host" in line for line in lines)

    def test_startingAgain(self) -> None:
        """A hub that was stopped can be started again."""
        timer = FakeTimer()
        hub = startedHub()
        hub.timers.add(timer)
        hub.stopService()
        hub.startService()
        clockOf(hub).advance(1)
        assert timer.ticks == 1
        hub.emit("news")


class TestObserving:
    def test_whatIsObserved(self) -> None:
        """Who observes a hub is told who comes and goes, and what is dispatched and refused."""
        hub = startedHub(Echo(), clientProvider=FakeProvider(a="ada"))
        seen: list[Any] = []
        for happening in (Opened, Closed, LoggedIn, LoginFailed, Dispatched, Refused):
            hub.observe(seen.append, happening)
        peer = Peer(hub)
        peer.logIn("wrong")
        peer.logIn("a")
        peer.emit("echo", 1)
        peer.emit("unheard.of")
        hub.clock.advance(3)
        peer.leave(1001, "bye")
        assert seen == [
            Opened(peer.connection),
            LoginFailed(peer.connection, "auth.invalid"),
            LoggedIn(peer.connection),
            Dispatched(peer.connection, "echo"),
            Refused(peer.connection, "unheard.of", "event.unknown"),
            Closed(peer.connection, 1001, "bye", True, 3.0),
        ]

    def test_onlyHappenings(self) -> None:
        """Only what happens can be observed."""
        with pytest.raises(UsageError, match="happenings"):
            Hub().observe(print, Applications)


def test_namesThatCantBeSent() -> None:
    """A name or a text that can't be sent is refused before anything has changed: no number of a history is taken."""
    hub = roomHub()
    ada = arrive(hub)
    before = ada.ask("socket.subscribe", {"room": "news"})["offset"]
    for event, data, room in (
        ("a\ud800", 1, "news"),
        ("a", {"x\ud800": 1}, "news"),
        ("a", ["\udcff"], "news"),
        ("a", 1, "\ud800"),
    ):
        with pytest.raises(UsageError, match="surrogate"):
            hub.emit(event, data, room=room)
    with pytest.raises(UsageError, match="surrogate"):
        hub.emit("a", 1, client="\ud800")
    with pytest.raises(UsageError, match="surrogate"):
        ada.connection.join("h:\udcff")
    with pytest.raises(UsageError):
        hub.emit("a", msgspec.Raw(b"nope"), room="news")
    assert ada.connection.rooms == ("news",)
    assert ada.ask("socket.history", {"room": "news"})["offset"] == before
