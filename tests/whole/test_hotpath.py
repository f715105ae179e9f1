"""
What a message costs, counted and not timed: calls of Python's and of C's, system calls, and memory.

Everything is real, the reactor, the sockets and the server; only the reactor is turned by the test, one turn at a time.
The bounds are a sixth above what it costs now.  Where a change needs more, it has to be worth it: measure, by
C{make benchmark}, and say so.
"""

import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from socket import MSG_DONTWAIT, SO_LINGER, SOL_SOCKET, create_connection, socket
from struct import pack
from typing import Any

import pytest
from twisted.internet.epollreactor import EPollReactor

from ratchet_tx import Hub, RatchetServerFactory, Settings, on
from ratchet_tx.settings import SHORTCUTS, Limits
from tests.kit.fakes import FakeProvider
from tests.kit.wire import CLOSE, event, frame, handshake

#: What asks the system for something; by these names it is called in Python.
_SYSTEM = {"accept", "close", "poll", "recv", "register", "modify", "send", "setsockopt", "shutdown", "unregister"}


class Talk:
    @on("echo")
    def echo(self, event: Any) -> None:
        event.connection.emit("echo", event.payload.data)

    @on("shout")
    def shout(self, event: Any) -> None:
        event.hub.emit("shouted", event.payload.data)


class House:
    """
    A server, and its peers.
    """

    def __init__(self, **settings: Any) -> None:
        self.reactor = EPollReactor()
        limits = Limits(eventsPerSecond=1_000_000, eventsBurst=1_000_000, connectionsPerClient=0)
        self.hub = Hub(FakeProvider(sesame="ada"), settings=Settings(limits=limits, **settings))
        self.hub.applications.add(Talk())
        self._port = self.reactor.listenTCP(0, RatchetServerFactory(self.hub, self.reactor), interface="127.0.0.1")
        self.peers: list[socket] = []

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.reactor.iterate(0)

    def connect(self) -> socket:
        peer = create_connection(("127.0.0.1", self._port.getHost().port))
        peer.sendall(handshake())
        self.turn(4)
        assert peer.recv(4096).startswith(b"HTTP/1.1 101 ")
        peer.sendall(event("socket.auth.request", {"token": "sesame"}))
        self.turn(2)
        assert b"socket.auth.success" in peer.recv(4096)
        self.peers.append(peer)
        return peer

    def drain(self) -> None:
        """
        Have the peers read what there is.
        """
        for peer in self.peers:
            with suppress(BlockingIOError):
                peer.recv(1 << 20, MSG_DONTWAIT)

    def close(self) -> None:
        for peer in self.peers:
            peer.close()
        self.turn(4)
        stopped = self._port.stopListening()
        for _ in range(1000):
            self.turn()
            if stopped.called:
                break
        assert not self.hub.connections


class Cost:
    """
    What some code cost.

    @ivar python: how many functions of Python's were called
    @ivar c: how many of C's
    @ivar system: how often the system was asked, by what it was asked for
    """

    def __init__(self, code: Callable[[], Any]) -> None:
        self.python = self.c = 0
        self.system: Counter[str] = Counter()
        before = sys.getprofile()
        sys.setprofile(self._note)
        try:
            code()
        finally:
            sys.setprofile(before)

    def _note(self, frame: Any, what: str, function: Any) -> None:
        if what == "call":
            self.python += 1
        elif what == "c_call":
            self.c += 1
            if function.__name__ in _SYSTEM:
                self.system[function.__name__] += 1


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.close()


def cost(house: House, send: Callable[[], Any], turns: int = 1) -> Cost:
    """
    Count what the server does about what peers send, once everything is made that is made only once.

    @param send: has peers send something
    @param turns: how many turns of the reactor it takes
    """
    for _ in range(3):
        send()
        cost = Cost(lambda: house.turn(turns))
        house.drain()
    return cost


def check(cost: Cost, python: int, c: int, **system: int) -> None:
    assert cost.python <= python
    assert cost.c <= c
    assert cost.system == system


ECHO = event("echo", "x" * 40)
SHOUT = event("shout", "x" * 40)


def test_one(house: House) -> None:
    """An event costs one read and one write, and as few calls as its way through the modules has."""
    peer = house.connect()
    check(cost(house, lambda: peer.sendall(ECHO)), 46, 38, poll=2, recv=1, send=1)


def test_many(house: House) -> None:
    """Sixteen events that come together cost one read and one write, and less than half as many calls each."""
    peer = house.connect()
    check(cost(house, lambda: peer.sendall(ECHO * 16)), 322, 316, poll=2, recv=1, send=1)


def test_long(house: House) -> None:
    """A text of 4 KiB costs no more calls than a short one."""
    peer = house.connect()
    check(cost(house, lambda: peer.sendall(event("echo", "x" * 4096))), 47, 40, poll=2, recv=1, send=1)


def test_fanOut(house: House) -> None:
    """An event to many costs one write and a handful of calls for each of them; it is encoded once."""
    peers = [house.connect() for _ in range(50)]
    check(cost(house, lambda: peers[0].sendall(SHOUT), 2), 308, 446, poll=3, recv=1, send=50)


def test_shouts(house: House) -> None:
    """Several events to many that come in one turn cost one write for each of them, and not one for each event."""
    peers = [house.connect() for _ in range(50)]

    def send() -> None:
        for peer in peers[:8]:
            peer.sendall(SHOUT)

    check(cost(house, send, 2), 1380, 1530, poll=3, recv=8, send=50)


@pytest.mark.parametrize("without", SHORTCUTS)
def test_shortcuts(house: House, without: str) -> None:
    """Each shortcut saves calls where several peers speak at once, so that these bounds tell if it is lost."""
    slow = House(without=(without,))
    try:
        assert _costOfTwenty(slow) > 1.1 * _costOfTwenty(house)
    finally:
        slow.close()


def _costOfTwenty(house: House) -> int:
    peers = [house.connect() for _ in range(20)]
    counted = cost(house, lambda: [peer.sendall(ECHO) for peer in peers], 2)
    return counted.python + counted.c


def test_memory(house: House) -> None:
    """Events leave nothing behind."""
    peer = house.connect()
    cost(house, lambda: peer.sendall(ECHO))
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(200):
        peer.sendall(ECHO * 5)
        house.turn()
        house.drain()
    gc.collect()
    # The time that it has now, and whatever else is one of a kind.
    assert sys.getallocatedblocks() - before < 20


def test_idle(house: House) -> None:
    """A connection that is logged in and waits has few objects of its own, and no timer."""
    house.connect()
    gc.collect()
    timers, blocks = len(house.reactor.getDelayedCalls()), sys.getallocatedblocks()
    for _ in range(50):
        house.connect()
    gc.collect()
    assert len(house.reactor.getDelayedCalls()) <= timers + 2
    assert (sys.getallocatedblocks() - blocks) / 50 < 51


def _leave(house: House, peer: socket) -> None:
    peer.sendall(frame(pack("!H", 1000), CLOSE))
    house.turn(3)


def _vanish(house: House, peer: socket) -> None:
    peer.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))


def _kick(house: House, peer: socket) -> None:
    house.hub.disconnect("ada")
    house.turn(2)


def _ask(house: House, peer: socket) -> None:
    (connection,) = house.hub.connections
    connection.ask("where").addErrback(lambda _: None)


def _mayNot(house: House, peer: socket) -> None:
    peer.sendall(frame(b"\xff"))
    house.turn(3)


def _doesNotRead(house: House, peer: socket) -> None:
    (connection,) = house.hub.connections
    for _ in range(400):
        connection.emit("long", "x" * 60_000)


@pytest.mark.parametrize("without", [(), *((each,) for each in SHORTCUTS)], ids=str)
@pytest.mark.parametrize("end", [_leave, _vanish, _kick, _ask, _mayNot, _doesNotRead])
def test_ended(end: Callable[[House, socket], None], without: tuple[str, ...]) -> None:
    """Whichever way a connection ends, it is gone at once, and leaves nothing for the garbage collector to find."""
    house = House(without=without)

    def live() -> None:
        peer = house.connect()
        house.peers.remove(peer)
        peer.sendall(ECHO)
        house.turn(2)
        house.hub.connections[0].join("room")
        end(house, peer)
        peer.close()
        house.turn(4)
        assert not house.hub.connections

    live()
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            live()
        assert gc.collect() < 5
    finally:
        gc.enable()
        house.close()
