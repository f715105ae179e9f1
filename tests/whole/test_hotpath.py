"""
What a message costs, counted and not timed: system calls, encodings, loops, calls of Python and C functions, and memory.

The reactor, the sockets and the server are real; the test makes the reactor's turns one at a time.

System calls, encodings and decodings are exact.  Loops are at most as many as now.  A turn may make a few more calls of C's
functions, but not one more for each message or each receiver.  Calls of Python's functions are compared with those of a bare
L{LineReceiver} that does the same on the same reactor: the path of a message may get one more function, but not two, and
the path to each receiver none.  A change that adds one adjusts the bound.  If it needs more, C{make benchmark} has to show
that it is worth the cost.
"""

import gc
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dis import opname
from pathlib import Path
from socket import MSG_DONTWAIT, SO_LINGER, SOL_SOCKET, create_connection, socket
from struct import pack
from typing import Any

import pytest
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver

import ratchet_tx
from ratchet_tx import Hub, RatchetServerFactory, Settings, on
from ratchet_tx.settings import SHORTCUTS, Limits
from tests.kit.fakes import FakeProvider
from tests.kit.wire import CLOSE, event, frame, handshake

#: The system calls that are counted, by their names in Python.
_SYSTEM = {"accept", "close", "poll", "recv", "register", "modify", "send", "setsockopt", "shutdown", "unregister"}

#: The encodings and decodings that are counted.
_CODING = {"decode", "encode"}

_OURS = str(Path(ratchet_tx.__file__).parent)


class Served:
    """
    A server on a reactor that the test turns, and its peers.

    @cvar echo: the message that has its text sent back to its sender
    @cvar shout: the message that has its text sent to all peers
    """

    echo: bytes
    shout: bytes

    def __init__(self, makeFactory: Callable[[EPollReactor], Any]) -> None:
        self.reactor = EPollReactor()
        self._port = self.reactor.listenTCP(0, makeFactory(self.reactor), interface="127.0.0.1")
        self.peers: list[socket] = []

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.reactor.iterate(0)

    def connect(self) -> socket:
        peer = create_connection(("127.0.0.1", self._port.getHost().port))
        self.peers.append(peer)
        return peer

    def drain(self) -> None:
        """
        Let the peers read what is there.
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


class Talk:
    @on("echo")
    def echo(self, event: Any) -> None:
        event.connection.emit("echo", event.payload.data)

    @on("shout")
    def shout(self, event: Any) -> None:
        event.hub.emit("shouted", event.payload.data)


class House(Served):
    """
    This package's server, and its peers.
    """

    echo = event("echo", "x" * 40)
    shout = event("shout", "x" * 40)

    def __init__(self, **settings: Any) -> None:
        limits = Limits(eventsPerSecond=1_000_000, eventsBurst=1_000_000, connectionsPerClient=0)
        self.hub = Hub(FakeProvider(sesame="ada"), settings=Settings(limits=limits, **settings))
        self.hub.applications.add(Talk())
        super().__init__(lambda reactor: RatchetServerFactory(self.hub, reactor))

    def connect(self) -> socket:
        peer = super().connect()
        peer.sendall(handshake())
        self.turn(4)
        assert peer.recv(4096).startswith(b"HTTP/1.1 101 ")
        peer.sendall(event("socket.auth.request", {"token": "sesame"}))
        self.turn(2)
        assert b"socket.auth.success" in peer.recv(4096)
        return peer

    def close(self) -> None:
        super().close()
        assert not self.hub.connections


class BareLines(LineReceiver):
    """
    Does with lines what L{Talk} does with events.
    """

    def __init__(self, there: "list[BareLines]") -> None:
        self._there = there

    def connectionMade(self) -> None:
        self._there.append(self)

    def connectionLost(self, reason: Any = None) -> None:
        self._there.remove(self)

    def lineReceived(self, line: bytes) -> None:
        for each in self._there if line.startswith(b"!") else (self,):
            each.sendLine(line)


class Lines(Served):
    """
    The bare server for comparison.
    """

    echo = b"x" * 40 + b"\r\n"
    shout = b"!" + echo

    def __init__(self) -> None:
        there: list[BareLines] = []
        super().__init__(lambda reactor: Factory.forProtocol(lambda: BareLines(there)))

    def connect(self) -> socket:
        peer = super().connect()
        self.turn(4)
        return peer


class Cost:
    """
    What some code costs.

    @ivar python: the number of calls of Python functions
    @ivar c: the number of calls of C functions
    @ivar exact: the numbers of system calls by name, and of encodings and decodings
    @ivar loops: the number of loops that the package's code began, and of their repetitions
    """

    def __init__(self) -> None:
        self.python = self.c = self.loops = 0
        self.exact: Counter[str] = Counter()

    def count(self, code: Callable[[], Any]) -> None:
        """
        Count the calls of some code.
        """
        before = sys.getprofile()
        sys.setprofile(self._note)
        try:
            code()
        finally:
            sys.setprofile(before)

    def countLoops(self, code: Callable[[], Any]) -> None:
        """
        Count the loops, by tracing each step of the interpreter.
        """
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            code()
        finally:
            sys.settrace(before)

    def _note(self, frame: Any, what: str, function: Any) -> None:
        if what == "call":
            self.python += 1
        elif what == "c_call":
            self.c += 1
            if function.__name__ in _SYSTEM or function.__name__ in _CODING:
                self.exact[function.__name__] += 1

    def _trace(self, frame: Any, what: str, _: Any) -> Any:
        if what == "call":
            if not frame.f_code.co_filename.startswith(_OURS):
                return None
            frame.f_trace_opcodes = True
        elif what == "opcode":
            name = opname[frame.f_code.co_code[frame.f_lasti]]
            self.loops += name == "GET_ITER" or "JUMP_BACKWARD" in name
        return self._trace


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.close()


@pytest.fixture
def lines() -> Iterator[Lines]:
    lines = Lines()
    yield lines
    lines.close()


def cost(server: Served, send: Callable[[], Any], turns: int = 1) -> Cost:
    """
    Count what a server does with what peers send, after a first round that makes everything that is made once.

    @param send: makes peers send something
    @param turns: how many turns of the reactor to make
    """
    for _ in range(3):
        send()
        cost = Cost()
        cost.count(lambda: server.turn(turns))
        server.drain()
    send()
    cost.countLoops(lambda: server.turn(turns))
    server.drain()
    return cost


def both(house: House, lines: Lines, send: Callable[[Served], Any], peers: int = 1, turns: int = 1) -> tuple[Cost, Cost]:
    """
    Count the costs of this server and of a bare one.

    @param peers: how many are connected to each
    """
    for _ in range(peers):
        house.connect()
        lines.connect()
    return cost(house, lambda: send(house), turns), cost(lines, lambda: send(lines), turns)


def check(costs: tuple[Cost, Cost], python: float, c: int, loops: int, **exact: int) -> None:
    """
    Compare a cost with its bounds.

    @param python: the greatest factor between the calls of Python functions here and in the bare server
    """
    ours, bare = costs
    assert ours.python <= python * bare.python
    assert ours.c <= c
    assert ours.loops <= loops
    assert ours.exact == exact


ECHO = House.echo


def test_one(house: House, lines: Lines) -> None:
    """An event costs one read, one write, and a fixed number of calls through the modules."""
    costs = both(house, lines, lambda server: server.peers[0].sendall(server.echo))
    check(costs, python=1.55, c=38, loops=8, poll=2, recv=1, send=1, decode=1, encode=1)


def test_many(house: House, lines: Lines) -> None:
    """Sixteen events in one chunk cost one read and one write, and less than half as many calls each."""
    costs = both(house, lines, lambda server: server.peers[0].sendall(server.echo * 16))
    check(costs, python=1.85, c=316, loops=53, poll=2, recv=1, send=1, decode=16, encode=16)


def test_long(house: House, lines: Lines) -> None:
    """A text of 4 KiB costs no more calls than a short one."""
    texts = {house: event("echo", "x" * 4096), lines: lines.echo}
    costs = both(house, lines, lambda server: server.peers[0].sendall(texts[server]))
    check(costs, python=1.65, c=40, loops=8, poll=2, recv=1, send=1, decode=1, encode=1)


def test_fanOut(house: House, lines: Lines) -> None:
    """An event to many peers costs one write and a few calls for each; it is encoded once."""
    costs = both(house, lines, lambda server: server.peers[0].sendall(server.shout), peers=50, turns=2)
    check(costs, python=0.22, c=420, loops=112, poll=3, recv=1, send=50, decode=1, encode=2)


def test_shouts(house: House, lines: Lines) -> None:
    """Several events to many peers in one turn cost one write for each peer, and not one for each event."""

    def send(server: Served) -> None:
        for peer in server.peers[:8]:
            peer.sendall(server.shout)

    costs = both(house, lines, send, peers=50, turns=2)
    check(costs, python=0.305, c=1310, loops=532, poll=3, recv=8, send=50, decode=8, encode=16)


@pytest.mark.parametrize("without", SHORTCUTS)
def test_shortcuts(house: House, without: str) -> None:
    """Each shortcut saves calls where several peers send at once, so these bounds fail without it."""
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
    # The current time, and other single objects.
    assert sys.getallocatedblocks() - before < 8


LONG = event("shout", "x" * 4000)


@pytest.mark.parametrize(
    ("text", "beyond"), [(ECHO * 16, 4096), (LONG, 4096), (LONG * 8, 10 * 4096)], ids=["echoes", "shout", "shouts"]
)
def test_peak(house: House, text: bytes, beyond: int) -> None:
    """An incoming message is in memory once while it is read, and an outgoing one to many peers is there once."""
    for _ in range(50):
        house.connect()
    cost(house, lambda: house.peers[0].sendall(text), 2)
    house.peers[0].sendall(text)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        house.turn(2)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Twisted's read buffer has 64 KiB.
    assert peak - before < (1 << 16) + beyond


def test_idle(house: House) -> None:
    """An idle logged-in connection has few objects of its own, and no timer."""
    house.connect()
    gc.collect()
    timers, blocks = len(house.reactor.getDelayedCalls()), sys.getallocatedblocks()
    for _ in range(50):
        house.connect()
    gc.collect()
    assert len(house.reactor.getDelayedCalls()) <= timers + 2
    # 31 blocks, and one more where other tests have run in this process before.
    assert (sys.getallocatedblocks() - blocks) / 50 < 33


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
    """A connection is freed at once however it ends, without the garbage collector."""
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
