"""
What peers are told of what they sent; most of it is seen in the hub's tests.
"""

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ratchet_tx import PeerError, RoomPolicy, on
from ratchet_tx.happenings import HandlerFailed
from ratchet_tx.transport.handshake.request import Request
from tests.kit.fakes import Peer, clockOf, logged, startedHub


class Refuses:
    """
    Refuses as an application does, at once or later.
    """

    @on("refuse")
    def refuse(self, event: Any) -> None:
        raise PeerError("chat.full", "Nobody else fits in", retry=True, after=3)

    @on("refuse.later")
    async def refuseLater(self, event: Any) -> None:
        raise PeerError("chat.closed")

    @on("refuse.oddly")
    def refuseOddly(self, event: Any) -> None:
        raise PeerError("chat.odd", what=object())

    @on("later")
    def later(self, event: Any) -> Deferred[Any]:
        failing: Deferred[Any] = Deferred()
        failing.errback(ValueError("sesame"))
        return failing


def test_anApplicationsRefusal() -> None:
    """A PeerError of a handler is the reply, with its facts; it isn't logged as a failure."""
    hub = startedHub(Refuses())
    peer = Peer(hub)
    with logged() as lines:
        peer.emit("refuse", id=1)
        peer.emit("refuse.later", id=2)
    first, second = peer.read()
    assert first["data"] == {
        "ok": False,
        "error": {"code": "chat.full", "message": "Nobody else fits in", "retry": True, "after": 3},
    }
    assert second["data"]["error"] == {"code": "chat.closed", "message": "", "retry": False}
    assert hub.counters.refused == {"chat.full": 1, "chat.closed": 1}
    assert hub.counters.failures == 0
    assert lines == []


def test_aRefusalThatIsNotJSON() -> None:
    """A refusal whose facts JSON can't say is a failure of the handler."""
    peer = Peer(startedHub(Refuses()))
    with logged() as lines:
        peer.emit("refuse.oddly", id=1)
    assert peer.read()[0]["data"]["error"]["code"] == "handler.failed"
    assert any("can't be sent as JSON" in line for line in lines)


def test_failuresOfDeferreds() -> None:
    """A handler whose Deferred fails is told to the peer by a reference, which stands in the log."""
    peer = Peer(startedHub(Refuses()))
    with logged() as lines:
        peer.emit("later", id=1)
    error = peer.read()[0]["data"]["error"]
    assert set(error) == {"code", "message", "retry", "ref"}
    assert any(error["ref"] in line and "ValueError" in line for line in lines)


def test_observersOfFailures() -> None:
    """Who observes failures is told the event, the reference and the exception."""
    hub = startedHub(Refuses())
    seen: list[HandlerFailed] = []
    hub.observe(seen.append, HandlerFailed)
    peer = Peer(hub)
    with logged():
        peer.emit("later", id=1)
    (happening,) = seen
    assert happening.event == "later"
    assert happening.ref == peer.read()[0]["data"]["error"]["ref"]
    assert isinstance(happening.failure, Failure)


def test_codesThatAreNone() -> None:
    """A refusal whose code is no text is a failure of the handler, and the events behind it go on."""

    class Odd:
        @on("odd")
        async def odd(self, event: Any) -> None:
            raise PeerError(cast(Any, ["x"]))

    peer = Peer(startedHub(Odd()))
    with logged() as lines:
        peer.emit("odd", id=1)
        peer.emit("odd", id=2)
    assert [frame["data"]["error"]["code"] for frame in peer.read()] == ["handler.failed"] * 2
    assert any("code is a text" in line for line in lines)


def test_refusedInVersionTwo() -> None:
    """A peer that announced version 2 is told of an application's refusal, though it sent no id."""
    peer = Peer(startedHub(Refuses()))
    peer.logIn("", v=2)
    peer.read()
    peer.emit("refuse")
    assert peer.read() == [
        {"event": "socket.refused", "data": {"event": "refuse", "code": "chat.full", "message": "Nobody else fits in"}}
    ]


class Odd:
    """
    Answers by what can't be sent.
    """

    @on("odd")
    def odd(self, event: Any) -> Any:
        return {"a": "\ud800"}

    @on("odd.refusal")
    def refuse(self, event: Any) -> Any:
        raise PeerError("chat.odd", "half \ud800")


class OddPolicy(RoomPolicy):
    def mayJoin(self, client: Any, room: str) -> Any:
        raise PeerError("room.odd", seat=object())


def test_oneReply() -> None:
    """Who asks gets one reply, whatever can't be sent: a result, a refusal, one of a policy, and one of several rooms."""
    hub = startedHub(Odd())
    hub.applications.registerRooms("*", OddPolicy())
    peer = Peer(hub)
    with logged() as lines:
        peer.emit("odd", id=1)
        peer.emit("odd.refusal", id=2)
        peer.emit("socket.subscribe", {"room": "a"}, id=3)
        peer.emit("socket.subscribe", {"rooms": [{"room": "a"}, {"room": "b"}]}, id=4)
        peer.emit("odd.refusal")
    replies = peer.read()
    assert [reply["re"] for reply in replies] == [1, 2, 3, 4]
    assert {reply["data"]["error"]["code"] for reply in replies} == {"handler.failed"}
    assert all(any(reply["data"]["error"]["ref"] in line for line in lines) for reply in replies)


def test_badTexts() -> None:
    """Half a pair of surrogates and what is nested too deep are refused by the id of who sent them."""
    peer = Peer(startedHub(Odd()))
    deep = b"[" * 30_000 + b"]" * 30_000
    for id, data in enumerate([b'"\\ud800"', b'{"\\ud800":1}', deep, b'{"id":1,"a":' + deep + b"}"]):
        peer.sendText(b'{"event":"odd","data":%s,"id":%d}' % (data, id))
        peer.sendText(b'{"id":%d,"event":"odd\\ud800","data":%s}' % (id + 100, data))
    assert [reply["re"] for reply in peer.read()] == [0, 100, 1, 101, 2, 102, 3, 103]


class TestOpening:
    """
    An application that refuses a connection when it is opened.
    """

    @pytest.mark.parametrize(
        ("refusal", "code", "reason"),
        [
            (PeerError("no.more", "Not you"), 4503, "Not you"),
            (PeerError("no.more"), 4503, "no.more"),
            (PeerError("busy", "Later", retry=True), 1013, "Later"),
            (PeerError("no.more", "a\ud800"), 4503, "a?"),
            (PeerError("no.more", "By us", ref="case 12"), 4503, "By us"),
            (PeerError("handler.timeout", "Too late"), 4503, "Too late"),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("later", [False, True])
    def test_refused(self, refusal: PeerError, code: int, reason: str, later: bool) -> None:
        """The connection is closed, with its message as the reason, and nothing of it is handled."""
        decided: list[Deferred[Any]] = []
        handled: list[Any] = []

        class Bouncer:
            @on("socket.open")
            async def open(self, event: Any) -> None:
                if later:
                    decided.append(Deferred())
                    await decided[0]
                raise refusal

            @on("hello")
            def hello(self, event: Any) -> None:
                handled.append(event)

        hub = startedHub(Bouncer())
        peer = Peer(hub)
        peer.emit("hello", id=1)
        with logged() as lines:
            for each in decided:
                each.callback(None)
        assert peer.transport.closedWith == (code, reason)
        peer.emit("hello", id=2)
        assert (handled, peer.read(), lines) == ([], [], [])
        assert hub.counters.refused[refusal.code] == 1
        peer.leave()
        assert clockOf(hub).getDelayedCalls() == []

    def test_failing(self) -> None:
        """One that fails, or takes too long, has failed, and the connection goes on."""

        class Failing:
            @on("socket.open")
            async def open(self, event: Any) -> None:
                if event.connection.request.path == "/":
                    await Deferred()
                raise ValueError("broken")

            @on("hello")
            def hello(self, event: Any) -> str:
                return "hi"

        hub = startedHub(Failing(), limits={"handlerSeconds": 3})
        with logged():
            peers = [Peer(hub), Peer(hub, Request("/other"))]
            clockOf(hub).advance(4)
            assert [peer.ask("hello") for peer in peers] == ["hi", "hi"]
