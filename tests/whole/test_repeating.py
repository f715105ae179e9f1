"""
Repeats of events with keys: none is lost and none is handled twice, whatever breaks meanwhile.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule
from twisted.internet.defer import CancelledError, Deferred

from ratchet_tx import on
from tests.kit.examples import examples
from tests.kit.fakes import FakeProvider, Peer, clockOf, startedHub

#: An event's client, its name, and its key.
Emit = tuple[str, str, str]


class Work:
    """
    Handlers that end when the test says so, in any order.

    @ivar going: the running handlers
    @ivar done: the events that were handled, with their results
    """

    def __init__(self) -> None:
        self.going: list[tuple[Emit, Deferred[Any]]] = []
        self.done: dict[Emit, int] = {}

    @on("work")
    def work(self, event: Any) -> Deferred[Any]:
        emit = (event.connection.client.id, event.payload.event, event.payload.key)
        assert emit not in self.done, "it is done already"
        assert emit not in [each for each, _ in self.going], "it is being done"
        doing: Deferred[Any] = Deferred()
        self.going.append((emit, doing))
        return doing.addErrback(self._cancelled, emit, doing)

    @on("beside", ordered=False)
    async def beside(self, event: Any) -> Any:
        return await self.work(event)

    def _cancelled(self, failure: Any, emit: Emit, doing: Deferred[Any]) -> Any:
        failure.trap(CancelledError)
        self.going.remove((emit, doing))
        return failure

    def finish(self, position: int) -> None:
        """
        End one of the handlers.
        """
        emit, doing = self.going.pop(position % len(self.going))
        self.done[emit] = len(self.done)
        doing.callback(self.done[emit])


class Sender:
    """
    A peer, and its requests by their ids.
    """

    def __init__(self, peer: Peer, client: str) -> None:
        self.peer = peer
        self.client = client
        self.asked: list[Emit] = []
        self.replies: dict[int, Any] = {}

    def read(self) -> None:
        for frame in self.peer.read():
            assert frame["re"] not in self.replies, "each is answered once"
            assert frame["data"]["ok"], frame
            self.replies[frame["re"]] = frame["data"]["result"]


class Repeating(RuleBasedStateMachine):
    """
    Clients with several connections, which break, and a few keys.
    """

    senders = Bundle("senders")

    def __init__(self) -> None:
        super().__init__()
        self.work = Work()
        provider = FakeProvider(ada="ada", bob="bob")
        limits = {"eventsPerSecond": 0, "handlerSeconds": 0, "dedupSeconds": 10**6, "connectionsPerClient": 0}
        self.hub = startedHub(self.work, clientProvider=provider, limits=limits)
        self.open: list[Sender] = []

    @rule(target=senders, client=st.sampled_from(["ada", "ada", "bob"]))
    def comes(self, client: str) -> Sender:
        sender = Sender(Peer(self.hub), client)
        sender.peer.logIn(client)
        sender.peer.read()
        self.open.append(sender)
        return sender

    @rule(sender=senders, event=st.sampled_from(["work", "beside"]), key=st.sampled_from("kl"), id=st.booleans())
    def sends(self, sender: Sender, event: str, key: str, id: bool) -> None:
        if sender not in self.open:
            return
        keys: dict[str, Any] = {"key": key}
        if id:
            keys["id"] = len(sender.asked)
            sender.asked.append((sender.client, event, key))
        sender.peer.emit(event, **keys)

    @precondition(lambda self: self.work.going)
    @rule(position=st.integers(0, 10))
    def isDone(self, position: int) -> None:
        self.work.finish(position)

    @rule(sender=senders)
    def isLost(self, sender: Sender) -> None:
        if sender in self.open:
            self.open.remove(sender)
            sender.peer.leave(1006, clean=False)

    @invariant()
    def repliesAreTheFirst(self) -> None:
        for sender in self.open:
            sender.read()
            for id, result in sender.replies.items():
                assert result == self.work.done[sender.asked[id]]

    def teardown(self) -> None:
        while self.work.going:
            self.work.finish(0)
        self.repliesAreTheFirst()
        for sender in self.open:
            assert len(sender.replies) == len(sender.asked), "each is answered"
            sender.peer.leave()
        self.hub.stopService()
        assert clockOf(self.hub).getDelayedCalls() == []


Repeating.TestCase.settings = examples(200, stateful_step_count=40)
TestRepeating = Repeating.TestCase
TestRepeating.__doc__ = "A repeated event is handled once, and each request gets its result."
