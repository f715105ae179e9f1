"""
What a payload leads to.
"""

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ratchet_tx import PeerError, on
from tests.kit.applications import Diary, Echo
from tests.kit.fakes import Peer, clockOf, logged, startedHub


class Talk:
    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.works: list[Deferred[Any]] = []

    @on("say")
    def say(self, event: Any) -> Any:
        assert event.hub.applications.table(event.connection.client, event.connection)[0]
        self.heard.append(event.payload.data)
        return len(self.heard)

    @on("work")
    def work(self, event: Any) -> Any:
        self.works.append(Deferred())
        return self.works[-1]

    @on("beside", ordered=False)
    def beside(self, event: Any) -> Any:
        return self.work(event)

    @on("socket.open")
    def open(self, event: Any) -> None:
        self.heard.append(event.payload.event)


def peerOf(talk: Talk, **arguments: Any) -> Peer:
    return Peer(startedHub(talk, **arguments))


def test_handlers() -> None:
    """An event that is registered leads to its handlers, whose result is the reply."""
    talk = Talk()
    peer = peerOf(talk)
    assert peer.ask("say", "hi") == 2
    assert talk.heard == ["socket.open", "hi"]


def test_ownEvents() -> None:
    """The protocol's own events lead to the protocol, and never to applications, though they wait for their names."""
    talk = Talk()
    peer = peerOf(talk)
    assert peer.ask("socket.ping") is None
    assert peer.ask("socket.open")["code"] == "event.unknown"
    assert talk.heard == ["socket.open"]


def test_order() -> None:
    """What a handler begins is waited for by the connection's next event, unless it is marked as unordered."""
    talk = Talk()
    peer = peerOf(talk)
    for event in ("beside", "say", "work", "say"):
        peer.emit(event, event)
    assert (talk.heard, len(talk.works)) == (["socket.open", "say"], 2)
    talk.works[1].callback(None)
    assert talk.heard == ["socket.open", "say", "say"]


def test_counting() -> None:
    """What leads to handlers is counted, with a key or without; what doesn't isn't."""
    talk = Talk()
    hub = startedHub(talk)
    peer = Peer(hub)
    peer.emit("say")
    peer.emit("say", key="a")
    peer.emit("say", key="a")
    peer.emit("socket.ping")
    peer.emit("unheard.of")
    assert hub.counters.dispatched == 2


class TestEvents:
    """
    Events on their way to the handlers, and what the peer is answered.
    """

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
