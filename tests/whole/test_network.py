"""
Real sockets over a network that cuts, stalls and delays: clients that reconnect compare what they are told with what was
published.
"""

import json
from collections.abc import Callable
from random import Random
from time import monotonic
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor as globalReactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.internet.task import LoopingCall, deferLater

from ratchet_tx import Applications, Hub, RatchetServerFactory, RoomPolicy, Settings, on
from ratchet_tx.backplane.historyevents import Position
from ratchet_tx.backplane.memory import MemoryBackplane
from tests.kit.fakes import FakeProvider, succeeded
from tests.kit.processes import PATIENCE
from tests.kit.rough import Network
from tests.kit.wire import TEXT, Stream, frame, handshake
from tests.kit.witness import Published, Witness

reactor: Any = globalReactor

#: Rooms with a long history, with a short one, with presence, and with neither.
ROOMS = {
    "news": RoomPolicy(historySize=10_000, historySeconds=60),
    "brief": RoomPolicy(historySize=3, historySeconds=60),
    "club": RoomPolicy(historySize=10_000, historySeconds=60, presence=True),
    "lobby": RoomPolicy(),
}

#: How many events a user may be behind before publishing pauses: the missed ones have to arrive at some time.
MOST_LAG = 20

LIMITS = {"presenceSeconds": 0.3, "eventsPerSecond": 0, "connectionsPerClient": 0}


class Echo:
    @on("echo")
    def echo(self, event: Any) -> Any:
        return event.payload.data


class DistantBackplane(MemoryBackplane):
    """
    A backplane that needs time: before it reads the answer, and before it returns it.
    """

    _isSlowToAsk = False

    def read(self, room: str, since: Any, limit: int, keep: Any = None) -> Any:
        self._isSlowToAsk = not self._isSlowToAsk
        if self._isSlowToAsk:
            return deferLater(reactor, 0.05, super().read, room, since, limit, keep)
        found = super().read(room, since, limit, keep)
        return deferLater(reactor, 0.05, lambda: found)


class Caller(Protocol):
    """
    One connection of a user.
    """

    def __init__(self, user: "User") -> None:
        self._user = user
        self._head: bytes | None = b""
        self._stream = Stream()
        self.isOpen = False

    def connectionMade(self) -> None:
        self.transport.write(handshake())

    def dataReceived(self, data: bytes) -> None:
        if self._head is not None:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            assert b" 101 " in head
            self._head = None
            self.isOpen = True
            for message in self._user.witness.comes():
                self.say(message)
        for each in self._stream.feed(data):
            if each.opcode == TEXT:
                self._user.hears(each.json)

    def say(self, message: Any) -> None:
        self.transport.write(frame(json.dumps(message)))

    def connectionLost(self, reason: Any = None) -> None:
        self._user.isLost()


class User:
    """
    A client that connects again and again, until it is stopped.

    @ivar failures: the wrong messages that it got
    """

    def __init__(self, token: str, published: Published, port: Callable[[], int], random: Random) -> None:
        self.witness = Witness(token, published)
        self.witness.wanted = {room: {"presence": True} if room == "club" else {} for room in ROOMS}
        self.caller: Caller | None = None
        self.failures: list[AssertionError] = []
        self._port = port
        self._random = random
        self._next: Any = None
        self._isStopped = False
        self.ended: Deferred[None] = Deferred()
        self._connect()

    def _connect(self) -> None:
        self._next = None
        self.caller = Caller(self)
        factory = ClientFactory.forProtocol(lambda: self.caller)
        factory.noisy = False
        reactor.connectTCP("127.0.0.1", self._port(), factory)

    def hears(self, message: Any) -> None:
        try:
            self.witness.hears(message)
        except AssertionError as failure:
            self.failures.append(failure)

    def isLost(self) -> None:
        self.witness.isLost()
        self.caller = None
        if self._isStopped:
            self.ended.callback(None)
        else:
            self._next = reactor.callLater(self._random.choice([0, 0.01, 0.1]), self._connect)

    def acts(self) -> None:
        """
        Make a random request, if connected.
        """
        if self.caller is None or not self.caller.isOpen:
            return
        room = self._random.choice(list(ROOMS))
        does = self._random.randrange(8)
        if does == 0:
            how = self.witness.wanted.get(room, {})
            self.caller.say(self.witness.unsubscribes(room))
            self.caller.say(self.witness.subscribes(room, **how))
        elif does == 1:
            self.caller.say(self.witness.asks("socket.presence.update", {"room": "club", "meta": {"at": does}}))
        else:
            self.caller.say(self.witness.asks("echo", does))

    def stop(self) -> Deferred[None]:
        self._isStopped = True
        if self._next is not None:
            self._next.cancel()
            self.ended.callback(None)
        return self.ended


class World:
    """
    Two nodes, a bad network before them, and users behind it.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        first = DistantBackplane()
        self.hubs = [self._hub(first), self._hub(DistantBackplane(first))]
        self._ports = [reactor.listenTCP(0, RatchetServerFactory(hub, reactor), interface="127.0.0.1") for hub in self.hubs]
        self.network = Network(reactor, [port.getHost().port for port in self._ports], seed)
        self.published = Published()
        self.last: dict[str, Any] = {}
        self.count = 0
        users = ("ada", "ada", "bob", "eve")
        self.users = [User(token, self.published, lambda: self.network.port, self.random) for token in users]
        self._loops = [LoopingCall(self._publishes), LoopingCall(lambda: self.random.choice(self.users).acts())]
        for loop in self._loops:
            loop.start(0.01)

    def _hub(self, backplane: MemoryBackplane) -> Hub:
        applications = Applications()
        applications.add(Echo())
        for room, policy in ROOMS.items():
            applications.registerRooms(room, policy)
        provider = FakeProvider(ada="ada", bob="bob", eve="eve")
        limits = Settings().limits.having(LIMITS, "test")
        return Hub(provider, applications, backplane, settings=Settings(limits=limits))

    def _publishes(self) -> None:
        room = self.random.choice(list(ROOMS))
        if self._lag(room) < MOST_LAG:
            self.publish(room, "x" * self.random.choice([0, 10, 100]))

    def _lag(self, room: str) -> int:
        """
        Say how far the slowest user is behind in a room.
        """
        known = [user.witness.positions[room].offset for user in self.users if room in user.witness.positions]
        return self.last[room].offset - min(known) if known and room in self.last else 0

    def publish(self, room: str, text: str = "") -> None:
        self.count += 1
        data = {"n": self.count, "x": text}

        def note(found: Any) -> None:
            if found is not None:
                self.last[room] = Position(*found)
                self.published.add(room, self.last[room], data)

        self.random.choice(self.hubs).emit("item", data, room=room).addCallback(note)

    async def until(self, isSo: Callable[[], bool]) -> None:
        """
        Wait for a condition, and fail as soon as a user is told something wrong.
        """
        end = monotonic() + PATIENCE
        while not isSo():
            assert [failure for user in self.users for failure in user.failures] == []
            assert monotonic() < end, "it has come to nothing"
            await deferLater(reactor, 0.01, lambda: None)

    def isRoughEnough(self) -> bool:
        """
        Say whether everything has happened that the test has to see.
        """
        recovered = sum(user.witness.recoveries[True] for user in self.users)
        unrecovered = sum(user.witness.recoveries[False] for user in self.users)
        echoed = min(user.witness.echoed for user in self.users)
        return self.network.cuts > 40 and recovered > 15 and unrecovered > 1 and echoed > 0

    def calmDown(self) -> None:
        """
        Make the network good from now on, and stop the random requests.
        """
        self.network.isRough = False
        for loop in self._loops:
            if loop.running:
                loop.stop()

    def isInEverywhere(self) -> bool:
        witnesses = [user.witness for user in self.users]
        return all(
            witness.isAnswered and {room for room, visit in witness.visits.items() if visit.isIn} == set(ROOMS)
            for witness in witnesses
        )

    def isAtRest(self, probed: dict[str, int]) -> bool:
        """
        Say whether all users know everything.

        @param probed: the number of the last published event, by room
        """
        for user in self.users:
            visits = user.witness.visits
            if {room: visit.last for room, visit in visits.items()} != probed or user.witness.positions != self.last:
                return False
        return True

    def shown(self) -> list[dict[str, int]]:
        """
        Return the members and the number of their connections, as each hub and each user knows them.
        """
        asked = [succeeded(hub.members("club")) for hub in self.hubs]
        known = [user.witness.visits["club"].members or {} for user in self.users]
        return [{client: len(each["metas"]) for client, each in members.items()} for members in asked] + [
            {client: len(refs) for client, refs in members.items()} for members in known
        ]

    async def stop(self) -> None:
        """
        End everything.
        """
        self.calmDown()
        ended = [user.stop() for user in self.users]
        await self.network.stop()
        await gatherResults(ended)
        await gatherResults([port.stopListening() for port in self._ports])
        await self.until(lambda: not any(hub.running for hub in self.hubs))


@pytest.mark.parametrize("seed", [1, 2])
@ensureDeferred
async def test_roughNetwork(seed: int) -> None:
    """However connections break, a client that is told recovered: true has missed nothing, and gets no event twice."""
    world = World(seed)
    try:
        await world.until(world.isRoughEnough)
        world.calmDown()
        await world.until(world.isInEverywhere)
        probed = {}
        for room in ROOMS:
            world.publish(room)
            probed[room] = world.count
        await world.until(lambda: world.isAtRest(probed))
        members = {"ada": 2, "bob": 1, "eve": 1}
        await world.until(lambda: world.shown() == [members] * 6)
    finally:
        await world.stop()
