"""
Hubs, rooms, logins and closes in every order, compared with a simple model.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from twisted.internet.defer import Deferred

from ratchet_tx import on
from ratchet_tx.backplane.memory import MemoryBackplane
from tests.kit.examples import examples
from tests.kit.fakes import FakeProvider, Peer, clockOf, startedHub

ROOMS = st.sampled_from(["lobby", "bar"])
CLIENTS = st.sampled_from(["ada", "bob"])


class Known:
    """
    What the model knows of a peer.
    """

    def __init__(self, node: int, peer: Peer) -> None:
        self.node = node
        self.peer = peer
        self.client: str | None = None
        self.rooms: set[str] = set()
        self.expected: list[Any] = []
        self.ended = False


class Application:
    """
    Counts closes, and has a handler that waits for the test.
    """

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.waiting: list[Deferred[Any]] = []

    @on("socket.open")
    def open(self, event: Any) -> None:
        self.opened.append(event.connection.id)

    @on("socket.close")
    def close(self, event: Any) -> None:
        self.closed.append(event.connection.id)

    @on("echo")
    def echo(self, event: Any) -> Any:
        return event.payload.data

    @on("wait")
    def wait(self, event: Any) -> Deferred[Any]:
        self.waiting.append(Deferred())
        return self.waiting[-1]


class TwoNodes(RuleBasedStateMachine):
    """
    Two nodes of one system, whose peers connect, log in, join rooms, get events, and leave.
    """

    peers = Bundle("peers")

    def __init__(self) -> None:
        super().__init__()
        self.application = Application()
        tokens = {"ada": "ada", "bob": "bob"}
        off = {"eventsPerSecond": 0, "connectionsPerClient": 0}
        first = startedHub(self.application, clientProvider=FakeProvider(**tokens), limits=off)
        beside = MemoryBackplane(first.backplane)
        second = startedHub(self.application, backplane=beside, clientProvider=FakeProvider(**tokens), limits=off)
        self.hubs = [first, second]
        self.known: list[Known] = []
        self.count = 0

    @rule(target=peers, node=st.integers(0, 1))
    def comes(self, node: int) -> Known:
        known = Known(node, Peer(self.hubs[node]))
        self.known.append(known)
        return known

    @rule(known=peers, client=CLIENTS)
    def logsIn(self, known: Known, client: str) -> None:
        known.peer.logIn(client)
        if known.client != client:
            known.rooms.clear()
        known.client = client
        known.expected.append(("socket.auth.success", {"client": {"username": client}}))

    @rule(known=peers)
    def failsToLogIn(self, known: Known) -> None:
        if known.peer.connection.failedLogins < 4:
            known.peer.logIn("nobody")
            known.expected.append(("socket.auth.failure", {"errors": ["Invalid access token."]}))

    @rule(known=peers, room=ROOMS)
    def joins(self, known: Known, room: str) -> None:
        if known.client is not None:
            known.peer.connection.join(room)
            known.rooms.add(room)

    @rule(known=peers, room=ROOMS)
    def leaves(self, known: Known, room: str) -> None:
        known.peer.connection.leave(room)
        known.rooms.discard(room)

    @rule(node=st.integers(0, 1), client=CLIENTS, room=ROOMS)
    def isRemoved(self, node: int, client: str, room: str) -> None:
        self.hubs[node].leave(client, room)
        for known in self.known:
            if known.client == client:
                known.rooms.discard(room)

    @rule(node=st.integers(0, 1), room=st.none() | ROOMS, client=st.none() | CLIENTS)
    def isTold(self, node: int, room: str | None, client: str | None) -> None:
        self.count += 1
        self.hubs[node].emit("told", self.count, room=room, client=client)
        self._expect("told", lambda known: client is None or known.client == client, room)

    @rule(known=peers, room=st.none() | ROOMS)
    def broadcasts(self, known: Known, room: str | None) -> None:
        self.count += 1
        known.peer.connection.broadcast("heard", self.count, room=room)
        self._expect("heard", lambda other: other is not known, room)

    def _expect(self, event: str, isMeant: Any, room: str | None) -> None:
        for known in self.known:
            if known.client is not None and isMeant(known) and (room is None or room in known.rooms):
                known.expected.append((event, self.count))

    @rule(known=peers)
    def asks(self, known: Known) -> None:
        if known.client is not None and known.peer.connection.inbox.busy is None:
            known.peer.emit("echo", "x", id=7)
            known.expected.append(("socket.reply", {"ok": True, "result": "x"}))

    @rule(known=consumes(peers), wait=st.booleans(), clean=st.booleans())
    def goes(self, known: Known, wait: bool, clean: bool) -> None:
        if wait and known.client is not None:
            known.peer.emit("wait")
        self._read(known)
        known.peer.leave(1000 if clean else 1006, "", clean)
        known.peer.leave(1006, "", clean=False)
        self.known.remove(known)

    @rule(known=consumes(peers))
    def isClosed(self, known: Known) -> None:
        self._read(known)
        known.peer.connection.close(4000)
        known.peer.emit("echo", "too late", id=8)
        known.peer.leave(4000, "", clean=True)
        assert known.peer.read() == []
        self.known.remove(known)

    @invariant()
    def everyPeerGetsItsEvents(self) -> None:
        for known in self.known:
            self._read(known)
            assert set(known.peer.connection.rooms) == known.rooms

    @invariant()
    def connectionsAreThoseOfTheModel(self) -> None:
        for node, hub in enumerate(self.hubs):
            here = {known.peer.connection for known in self.known if known.node == node}
            assert set(hub.connections) == here
        ended = set(self.application.opened) - {known.peer.connection.id for known in self.known}
        assert sorted(self.application.closed) == sorted(ended)

    def teardown(self) -> None:
        for known in list(self.known):
            known.peer.leave()
        for hub in self.hubs:
            assert len(hub.parts.directory.rooms) == len(hub.parts.directory.clients) == 0
            assert clockOf(hub).getDelayedCalls() == []
        assert all(work.called for work in self.application.waiting)

    def _read(self, known: Known) -> None:
        heard = [(frame["event"], frame["data"]) for frame in known.peer.read()]
        expected, known.expected = known.expected, []
        assert heard == expected


TwoNodes.TestCase.settings = examples(100, stateful_step_count=40)
TestTwoNodes = TwoNodes.TestCase
TestTwoNodes.__doc__ = "In any order of steps every peer gets its events once, and nothing is left."
