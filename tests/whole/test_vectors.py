"""
The rules of PROTOCOL, each by its vector: the peers' messages go in as bytes, through every real part, and what comes out is
compared.
"""

from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import UNSET, defstruct
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import deferLater
from zope.interface import implementer

from ratchet_tx import (
    AnonymousClientProvider,
    AskRefused,
    ConnectionEvent,
    Hub,
    IApplication,
    PeerError,
    RatchetServerFactory,
    RoomPolicy,
    Settings,
    on,
)
from tests.kit import vector
from tests.kit.ends import MemoryReactor, Wire
from tests.kit.fakes import FakeProvider
from tests.kit.vector import FOLDER, Handling, Policy, Server, Values, Vector
from tests.kit.ways import MEMORY, SOCKETS, WAYS, Way
from tests.kit.wire import BINARY, CLOSE, PING, PONG, TEXT, frame, handshake

TOO_SLOW = 4008

VECTORS = sorted(FOLDER.glob("*.json"))

#: The sections and the steps of rules about frames, closes or slow peers.
SECTIONS = ("Closing", "The wire")
STEPS = (
    vector.SendsText,
    vector.SendsHex,
    vector.SendsBytes,
    vector.StopsReading,
    vector.ReadsAgain,
    vector.Closes,
    vector.ClosedWith,
    vector.Ends,
)


class Provider(FakeProvider):
    """
    Finds the vector's clients, and fails for tokens that it can't decide.

    @param expires: by token, when its login ends
    """

    def __init__(self, clients: dict[str, str | None], expires: dict[str, float]) -> None:
        super().__init__(**cast(Any, clients))
        for token, end in expires.items():
            self.clients[token].expires = end

    def findByAccessToken(self, accessToken: str) -> Any:
        client = super().findByAccessToken(accessToken)
        if client is not None and client.id is None:
            raise OSError("nobody can say")
        return client


class Handler:
    """
    Does what a vector says with an event.
    """

    def __init__(self, handling: Handling, reactor: MemoryReactor) -> None:
        self._handling = handling
        self._reactor = reactor
        self._count = 0

    def __call__(self, event: Any) -> Any:
        handling = self._handling
        self._count += 1
        if handling.never:
            return Deferred()
        if handling.after:
            return deferLater(self._reactor, handling.after, self._do, event)
        return self._do(event)

    def _do(self, event: Any) -> Any:
        handling = self._handling
        if handling.fails:
            raise ValueError("sesame")
        if handling.refuses is not None:
            raise PeerError(**handling.refuses)
        if handling.broadcasts is not None:
            event.connection.broadcast(handling.broadcasts, event.payload.data, room=handling.room)
        if handling.asks is not None:
            question = handling.asks
            asked = event.connection.ask(question.event, question.data, question.timeout)
            return asked.addErrback(lambda failure: {"refused": failure.trap(AskRefused) and failure.value.code})
        known = {"$data": event.payload.data, "$count": self._count}
        return None if handling.returns is UNSET else known.get(str(handling.returns), handling.returns)


def typed(handler: Handler, takes: dict[str, str] | None) -> Any:
    """
    Make a handler accept only objects with certain keys.
    """
    if takes is None:
        return handler
    kinds: dict[str, type] = {"integer": int, "text": str}
    data = defstruct("Data", [(key, kinds[kind]) for key, kind in takes.items()])

    def handle(event: Any) -> Any:
        return handler(event)

    handle.__annotations__["event"] = cast(Any, ConnectionEvent)[data]
    return handle


class Joins:
    """
    Decides about subscribes as a vector says.
    """

    def __init__(self, policy: Policy, reactor: MemoryReactor) -> None:
        self._policy = policy
        self._reactor = reactor

    def __call__(self, client: Any, room: str) -> Any:
        if self._policy.after:
            return deferLater(self._reactor, self._policy.after, self._decide, client)
        return self._decide(client)

    def _decide(self, client: Any) -> bool:
        if self._policy.fails:
            raise OSError("nobody can say")
        return self._policy.clients is None or client.id in self._policy.clients


@implementer(IApplication)
class Application:
    """
    The events of a vector.
    """

    def __init__(self, events: dict[str, Handling], reactor: MemoryReactor) -> None:
        self._events = {
            name: on(name, ordered=each.ordered)(typed(Handler(each, reactor), each.takes)) for name, each in events.items()
        }

    def subscribedEvents(self) -> Any:
        return self._events


class Seat:
    """
    A peer's end, whose WebSocket answers pings and closes like a browser.

    @ivar events: the received messages that no step has checked yet
    @ivar closedWith: the server's close code
    """

    def __init__(self, wire: Wire, answersPings: bool = True) -> None:
        self.wire = wire
        self.events: list[Any] = []
        self.closedWith: int | None = None
        self._answersPings = answersPings

    def read(self) -> None:
        for each in self.wire.frames():
            if each.opcode == TEXT:
                assert self.closedWith is None, "nothing is sent after the close"
                self.events.append(each.json)
            elif each.opcode == PING and self._answersPings:
                self.wire.send(frame(each.payload, PONG))
            elif each.opcode == CLOSE:
                self.closedWith = each.code
                self.close(each.code)

    def close(self, code: int) -> None:
        self.wire.send(frame(code.to_bytes(2, "big"), CLOSE))
        self.lose()

    def lose(self) -> None:
        self.wire.lose(ConnectionLost())


class Play:
    """
    A server, and the peers of a vector.
    """

    def __init__(self, server: Server, way: Way) -> None:
        self.way = way
        self.reactor = way.makeReactor()
        limits = Settings().limits.having(server.limits, "the vector")
        provider = AnonymousClientProvider() if server.clients is None else Provider(server.clients, server.expires)
        self.hub = Hub(provider, clock=self.reactor, settings=Settings(limits=limits, without=way.without))
        self.hub.applications.add(Application(server.events, self.reactor))
        for pattern, each in server.rooms.items():
            joins = Joins(each, self.reactor)
            self.hub.applications.registerRooms(
                pattern, RoomPolicy(each.historySize, each.historySeconds, each.presence, joins)
            )
        self.factory = RatchetServerFactory(self.hub, self.reactor)
        self.factory.doStart()
        self.seats: dict[str, Seat] = {}
        self.values = Values()

    def run(self, step: Any) -> None:
        kind = type(step).__name__
        getattr(self, kind[0].lower() + kind[1:])(step)
        self.read()

    def read(self) -> None:
        for seat in self.seats.values():
            seat.read()

    def end(self) -> None:
        """
        Check that no peer got a further message or close, and close all peers.
        """
        for peer in tuple(self.seats):
            seat = self._part(peer)
            assert seat.closedWith is None, f"{peer} was closed"
            seat.lose()
        self.factory.doStop()
        self.reactor.advance(1000)
        assert self.hub.connections == ()
        assert self.reactor.getDelayedCalls() == []

    # Peers

    def opens(self, step: vector.Opens) -> None:
        assert step.peer not in self.seats, f"{step.peer} is there already"
        self.seats[step.peer] = Seat(self.way.makeWire(self.factory).open(), step.answersPings)

    def turnedAway(self, step: vector.TurnedAway) -> None:
        wire = self.way.makeWire(self.factory)
        wire.send(handshake())
        head = wire.receive()
        assert int(head.split(b" ")[1]) == step.turnedAway
        assert b"\r\nRetry-After: " in head
        wire.lose()

    def sends(self, step: vector.Sends) -> None:
        self._send(step.peer, frame(vector.write(self.values.fill(step.sends))))

    def sendsText(self, step: vector.SendsText) -> None:
        self._send(step.peer, frame(step.sendsText))

    def sendsHex(self, step: vector.SendsHex) -> None:
        self._send(step.peer, frame(bytes.fromhex(step.sendsHex), BINARY if step.binary else TEXT))

    def sendsBytes(self, step: vector.SendsBytes) -> None:
        self._send(step.peer, bytes.fromhex(step.sendsBytes))

    def stopsReading(self, step: vector.StopsReading) -> None:
        self.seats[step.peer].wire.stopReading()

    def readsAgain(self, step: vector.ReadsAgain) -> None:
        self.seats[step.peer].wire.readAgain()

    def _send(self, peer: str, data: bytes) -> None:
        self.seats[peer].wire.send(data)

    def receives(self, step: vector.Receives) -> None:
        seat = self.seats[step.peer]
        assert seat.events, f"nothing came, and not {step.receives}"
        got = seat.events.pop(0)
        assert self.values.matches(step.receives, got), f"{got} came, and not {step.receives}"

    def receivesNothing(self, step: vector.ReceivesNothing) -> None:
        assert self.seats[step.peer].events == []

    def closes(self, step: vector.Closes) -> None:
        self._part(step.peer).close(step.closes)

    def lost(self, step: vector.Lost) -> None:
        self._part(step.peer).lose()

    def closedWith(self, step: vector.ClosedWith) -> None:
        if step.closedWith == TOO_SLOW and self.way.socket:
            # Bytes that the system has taken can't be dropped any more.
            self.seats[step.peer].events.clear()
        assert self._part(step.peer).closedWith == step.closedWith

    def _part(self, peer: str) -> Seat:
        """
        Let a peer leave after its last message.
        """
        seat = self.seats.pop(peer)
        assert seat.events == [], f"{peer} was sent more"
        return seat

    # Time

    def wait(self, step: vector.Wait) -> None:
        """
        Let time pass in steps that are short enough for the answers to pings.
        """
        ends = self.reactor.seconds() + step.wait
        while self.reactor.seconds() < ends:
            self.reactor.advance(min(0.5, ends - self.reactor.seconds()))
            self.read()

    # The server

    def emits(self, step: vector.Emits) -> None:
        self.hub.emit(step.event, step.data, room=step.room, client=step.client)

    def joins(self, step: vector.Joins) -> None:
        self.seats[step.peer].wire.protocol.connection.join(step.room)

    def leaves(self, step: vector.Leaves) -> None:
        self.hub.leave(step.client, step.room)

    def disconnects(self, step: vector.Disconnects) -> None:
        self.hub.disconnect(step.client)

    def ends(self, step: vector.Ends) -> None:
        self.seats[step.peer].wire.protocol.connection.close(step.code)

    def drains(self, step: vector.Drains) -> None:
        self.hub.stopService()


def lead(rule: Vector, way: Way = MEMORY) -> None:
    """
    Run a rule against the server.

    @raise AssertionError: if the server doesn't do what the vector says
    """
    play = Play(rule.server, way)
    for number, step in enumerate(rule.steps, 1):
        try:
            play.run(step)
        except AssertionError as error:
            error.add_note(f"Step {number} of: {rule.rule}")
            raise
    play.end()


def waysOf(rule: Vector) -> list[Way]:
    """
    Return the ways in which a rule is run: rules about frames, closes or slow peers in all; others in memory and over a
    socket.
    """
    here = rule.source in SECTIONS or any(isinstance(step, STEPS) for step in rule.steps)
    return WAYS if here else [MEMORY, SOCKETS]


RUNS = [(way, path) for path in VECTORS for way in waysOf(vector.read(path.read_bytes()))]


@pytest.mark.parametrize(("way", "path"), RUNS, ids=[f"{way}-{path.stem}" for way, path in RUNS])
def test_rule(way: Way, path: Path) -> None:
    """The server keeps the vector's rule, with and without shortcuts."""
    lead(vector.read(path.read_bytes()), way)


def test_ways() -> None:
    """Each vector is run in memory and over a socket; those of frames, closes and slow peers in all ways."""
    ways = {path.stem: [way for way, other in RUNS if other is path] for path in VECTORS}
    everyWay = {name for name, its in ways.items() if its == WAYS}
    assert all(ways[name] == [MEMORY, SOCKETS] for name in ways.keys() - everyWay)
    alike = {name for name in ways if name.startswith(("close-", "envelope-"))}
    assert everyWay == alike | {
        "key-anonymous",
        "presence-close",
        "presence-closed-for-reconnect",
        "presence-disconnected",
        "refused-cost-by-length",
        "refused-payload-invalid",
        "reply-unreadable-message",
    }


def test_vectorsAreFound() -> None:
    """The vectors are found, and each has a rule of its own."""
    rules = [vector.read(path.read_bytes()).rule for path in VECTORS]
    assert len(rules) > 120
    assert len(set(rules)) == len(rules)


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [vector.Receives("a", {"event": "socket.reply", "data": {"ok": True, "result": 2}, "re": 1})],
        [vector.ReceivesNothing("a", True)],
        [vector.ClosedWith("a", 1000)],
        [vector.Lost("a", True)],
        [vector.TurnedAway("b", 503)],
    ],
)
def test_wrongSteps(steps: list[Any]) -> None:
    """A vector with a step that doesn't match fails."""
    server = Server(events={"echo": Handling(returns="$data")})
    before = [vector.Opens("a", True), vector.Sends("a", {"event": "echo", "data": 1, "id": 1})]
    with pytest.raises(AssertionError):
        lead(Vector("A rule.", "Replies", [*before, *steps], server))


def test_missingClose() -> None:
    """A vector fails if it leaves out that a peer is closed."""
    server = Server(clients={"ada-token": "ada"}, limits={"loginSeconds": 1})
    with pytest.raises(AssertionError, match="closed"):
        lead(Vector("A rule.", "Login", [vector.Opens("a", True), vector.Wait(1)], server))
