"""
Every id gets exactly one reply, or the connection closes: whatever is sent, whatever its result, and in every order.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import deferLater

from ratchet_tx import PeerError, on
from tests.kit.examples import examples
from tests.kit.fakes import FakeProvider, Peer, startedHub

#: The events of L{Application}, an unknown one, and the C{socket.*} events that a peer may send.
EVENTS = [
    "echo",
    "coroutine",
    "later",
    "beside",
    "never",
    "ask",
    "fail",
    "fail.later",
    "refuse",
    "refuse.oddly",
    "odd",
    "deep",
    "close",
    "none",
    "socket.open",
    "socket.ping",
    "socket.reply",
    "socket.auth.request",
    "socket.auth.refresh",
]


class Application:
    """
    Handlers with every kind of result.
    """

    clock: Any

    @on("echo")
    def echo(self, event: Any) -> Any:
        return event.payload.data

    @on("coroutine")
    async def coroutine(self, event: Any) -> Any:
        return await succeed(event.payload.data)

    @on("later")
    def later(self, event: Any) -> Any:
        return deferLater(self.clock, 1, lambda: event.payload.data)

    @on("beside", ordered=False)
    async def beside(self, event: Any) -> Any:
        return await deferLater(self.clock, 2, lambda: event.payload.data)

    @on("never")
    def never(self, event: Any) -> Any:
        return Deferred()

    @on("ask")
    async def ask(self, event: Any) -> Any:
        return await event.connection.ask("question", timeout=2)

    @on("fail")
    def fail(self, event: Any) -> Any:
        raise KeyboardInterrupt

    @on("fail.later")
    async def failLater(self, event: Any) -> Any:
        await deferLater(self.clock, 1, lambda: None)
        raise OSError("broken")

    @on("refuse")
    def refuse(self, event: Any) -> Any:
        raise PeerError("no", seat=5)

    @on("refuse.oddly")
    def refuseOddly(self, event: Any) -> Any:
        raise PeerError("no", seat=object())

    @on("odd")
    def odd(self, event: Any) -> Any:
        return {"x": object()}

    @on("deep")
    def deep(self, event: Any) -> Any:
        deep: list[Any] = []
        deep.append(deep)
        return deep

    @on("close")
    def close(self, event: Any) -> Any:
        event.connection.close(4000)
        return "too late"


class Asking:
    """
    A peer, and the replies to its ids.
    """

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.replies: dict[int, int] = {}
        self.questions: list[str] = []

    def newId(self) -> int:
        self.replies[len(self.replies)] = 0
        return len(self.replies) - 1

    def read(self) -> None:
        for frame in self.peer.read():
            if "id" in frame:
                self.questions.append(frame["id"])
            if "re" in frame:
                self.replies[frame["re"]] += 1


class Replying(RuleBasedStateMachine):
    """
    Peers that ask for more replies than they may, and a server that stops meanwhile.
    """

    askers = Bundle("askers")

    def __init__(self) -> None:
        super().__init__()
        application = Application()
        self.provider = FakeProvider(ada="ada", again="ada", bob="bob")
        limits = {
            "handlerSeconds": 3,
            "loginSeconds": 2,
            "eventsBurst": 40,
            "receiveQueueEvents": 1,
            "connectionsPerClient": 0,
        }
        self.hub = startedHub(application, clientProvider=self.provider, limits=limits)
        self.clock: Any = self.hub.clock
        application.clock = self.clock
        self.asking: list[Asking] = []
        self.steps = 0

    @precondition(lambda self: self.hub.running)
    @rule(target=askers)
    def comes(self) -> Asking:
        asking = Asking(Peer(self.hub))
        # Strangers are closed after a while, which shows little about their ids.
        if not self.provider.later:
            asking.peer.logIn("ada")
        self.asking.append(asking)
        return asking

    @rule(
        asking=askers,
        event=st.sampled_from(EVENTS),
        data=st.sampled_from([None, "x", {"token": "ada"}, {"token": "again", "v": 2}, {"token": "nobody"}, {"ok": True}]),
        keys=st.sampled_from([{}, {}, {"key": "k"}, {"key": "l"}]),
    )
    def asks(self, asking: Asking, event: str, data: Any, keys: dict[str, Any]) -> None:
        asking.peer.emit(event, data, id=asking.newId(), **keys)

    @rule(asking=askers, many=st.sampled_from([2, 20, 50]))
    def asksALot(self, asking: Asking, many: int) -> None:
        for _ in range(many):
            asking.peer.emit("echo", id=asking.newId())

    @rule(
        asking=askers,
        keys=st.sampled_from([{"event": 5}, {"event": ""}, {}, {"event": "echo", "re": 5}, {"event": "echo", "key": ""}]),
    )
    def asksBadly(self, asking: Asking, keys: dict[str, Any]) -> None:
        asking.peer.sendText(self.envelope(id=asking.newId(), **keys))

    def envelope(self, **keys: Any) -> bytes:
        return repr(keys).replace("'", '"').encode()

    @rule(asking=askers, ok=st.booleans(), again=st.booleans())
    def isAsked(self, asking: Asking, ok: bool, again: bool) -> None:
        asking.peer.emit("ask", id=asking.newId())
        asking.read()
        for question in asking.questions[-1:] * (1 + again):
            asking.peer.emit("socket.reply", {"ok": ok}, re=question, id=asking.newId())

    @rule(later=st.booleans())
    def providerChanges(self, later: bool) -> None:
        self.provider.later = later

    @rule(ok=st.booleans())
    def providerAnswers(self, ok: bool) -> None:
        asked, self.provider.asked = self.provider.asked, []
        for each in asked:
            if not each.called:
                each.callback(self.provider.clients["bob"]) if ok else each.errback(OSError("down"))

    @rule(seconds=st.sampled_from([0.5, 1, 5]))
    def timePasses(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @precondition(lambda self: self.steps > 28)
    @rule()
    def stops(self) -> None:
        self.hub.stopService()

    @invariant()
    def noneTwice(self) -> None:
        self.steps += 1
        for asking in self.asking:
            asking.read()
            assert max(asking.replies.values(), default=0) <= 1

    def teardown(self) -> None:
        for _ in range(100):
            self.clock.advance(1)
        for asking in self.asking:
            asking.read()
            open = asking.peer.transport.closedWith is None
            assert set(asking.replies.values()) <= ({1} if open else {0, 1})
            asking.peer.leave()
        self.hub.stopService()
        assert self.clock.getDelayedCalls() == []


Replying.TestCase.settings = examples(150, stateful_step_count=30)
TestReplying = Replying.TestCase
TestReplying.__doc__ = "Every id gets exactly one reply, unless its connection closes."
