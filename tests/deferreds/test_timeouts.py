"""
Timeouts of many members with one timer, and timeouts that are late because the process was.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import copy
from socket import IPPROTO_TCP, TCP_NODELAY, create_connection, socket
from time import sleep
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.task import Clock

from ratchet_tx import Hub, RatchetServerFactory, Settings
from ratchet_tx.deferreds.clock import SteadyClock
from ratchet_tx.deferreds.lateclock import LateClock
from ratchet_tx.deferreds.timeouts import Patience, Timeouts
from tests.kit.fakes import failed, logged, succeeded
from tests.kit.processes import PATIENCE, Server, freePort, serving, twistd
from tests.kit.wire import PING, PONG, Stream, event, frame, handshake

PROGRAMS = Path(__file__).parent / "programs"


class Ending:
    """
    Records what ended, and when.
    """

    def __init__(self, seconds: float = 10) -> None:
        self.clock = Clock()
        self.ended: list[tuple[float, Any]] = []
        self.timeouts: Timeouts[Any] = Timeouts(seconds, self.clock, self._expire)

    def _expire(self, member: Any) -> None:
        self.ended.append((self.clock.seconds(), member))
        if member == "again":
            self.timeouts.start(member)
        if member == "broken":
            raise ValueError("broken")


def test_end() -> None:
    """Each member's time counts from its own start, and all have one timer."""
    ending = Ending()
    for name in "abc":
        ending.timeouts.start(name)
        ending.clock.advance(2)
    assert len(ending.clock.getDelayedCalls()) == 1
    ending.clock.pump([1] * 20)
    assert ending.ended == [(10, "a"), (12, "b"), (14, "c")]
    assert ending.clock.getDelayedCalls() == []


def test_beginAgain() -> None:
    """A member that starts again has its whole time again."""
    ending = Ending()
    ending.timeouts.start("a")
    ending.timeouts.start("b")
    ending.clock.advance(9)
    ending.timeouts.start("a")
    ending.clock.pump([1] * 20)
    assert ending.ended == [(10, "b"), (19, "a")]


def test_stop() -> None:
    """A stopped member doesn't end, and without members there is no timer."""
    ending = Ending()
    ending.timeouts.start("a")
    ending.timeouts.start("b")
    assert "a" in ending.timeouts
    ending.timeouts.stop("a")
    assert "a" not in ending.timeouts
    ending.timeouts.stop("a")
    assert len(ending.timeouts) == 1
    ending.timeouts.stop("b")
    assert ending.clock.getDelayedCalls() == []
    ending.clock.advance(100)
    assert ending.ended == []


def test_fromWithin() -> None:
    """A member may start again when it ends."""
    ending = Ending()
    ending.timeouts.start("again")
    ending.clock.pump([10] * 3)
    assert ending.ended == [(10, "again"), (20, "again"), (30, "again")]


def test_failing() -> None:
    """A failing callback is logged, and the others end."""
    ending = Ending()
    for name in ("broken", "a"):
        ending.timeouts.start(name)
    with logged() as lines:
        ending.clock.advance(10)
    assert [name for _, name in ending.ended] == ["broken", "a"]
    assert "ValueError: broken" in lines[0]


def test_endless() -> None:
    """With 0 seconds nothing ends, and the clock isn't used."""
    timeouts: Timeouts[str] = Timeouts(0, LateClock(), lambda member: None)
    timeouts.start("a")
    assert len(timeouts) == 0


@given(st.lists(st.tuples(st.sampled_from(["start", "stop", "wait"]), st.integers(0, 5))))
def test_likeOneTimerEach(steps: list[tuple[str, int]]) -> None:
    """Members end as if each had a timer of its own."""
    ending = Ending(4)
    begun: dict[int, float] = {}
    expected = []
    now = 0
    for step, number in steps:
        if step == "start":
            ending.timeouts.start(number)
            begun.pop(number, None)
            begun[number] = now
        elif step == "stop":
            ending.timeouts.stop(number)
            begun.pop(number, None)
        else:
            for _ in range(number):
                now += 1
                ending.clock.advance(1)
                over = [each for each, start in begun.items() if start + 4 <= now]
                expected += [(now, each) for each in over]
                for each in over:
                    del begun[each]
    assert ending.ended == expected
    assert set(begun) == {each for each in range(6) if each in ending.timeouts}


def test_againBeforeOthers() -> None:
    """A member that starts again at its end doesn't delay the next one."""
    ending = Ending()
    ending.timeouts.start("again")
    ending.clock.advance(2)
    ending.timeouts.start("a")
    ending.clock.advance(8)
    ending.clock.advance(2)
    assert ending.ended == [(10, "again"), (12, "a")]


class Reading:
    """
    A clock whose turns the test runs, with a Patience over it.
    """

    def __init__(self, turns: int = 1) -> None:
        self.clock = Clock()
        self.patience = Patience(self.clock)
        self.patience.addReader(lambda: turns)
        self.over: list[Any] = []

    def turns(self, count: int) -> None:
        for _ in range(count):
            [due] = self.clock.getDelayedCalls()
            assert due.getTime() <= self.clock.seconds()
            due.reset(-1)
            self.clock.calls.remove(due)
            due.called = 1
            due.func(*due.args)

    def pass_(self, seconds: float) -> None:
        """
        Let time pass while the process does nothing.
        """
        self.clock.rightNow += seconds


def test_patience() -> None:
    """A timeout ends only after a full round of reading; what is read meanwhile is in time."""
    reading = Reading(turns=3)
    timeouts: Timeouts[str] = Timeouts(10, reading.patience, reading.over.append)
    for name in "abc":
        timeouts.start(name)
    reading.pass_(1)
    timeouts.start("young")
    reading.pass_(9.5)
    reading.turns(1)
    reading.turns(2)
    timeouts.stop("b")
    timeouts.start("c")
    reading.turns(1)
    assert reading.over == []
    reading.turns(1)
    assert reading.over == ["a"]
    reading.clock.advance(0.5)
    assert reading.over == ["a", "young"]
    reading.clock.advance(9.5)
    assert reading.over == ["a", "young", "c"]


def test_patienceInVain() -> None:
    """If all members stop meanwhile, none ends, and no timer is left."""
    reading = Reading()
    timeouts: Timeouts[str] = Timeouts(10, reading.patience, reading.over.append)
    timeouts.start("a")
    reading.pass_(10)
    reading.turns(2)
    timeouts.stop("a")
    assert (reading.over, reading.clock.getDelayedCalls()) == ([], [])


def test_deadline() -> None:
    """The timeout of one thing has a round of reading, too, and can be cancelled before, during and after it."""
    reading = Reading()
    early, late = (reading.patience.callLater(10, reading.over.append, name) for name in ("early", "late"))
    early.cancel()
    early.cancel()
    reading.pass_(10)
    reading.turns(1)
    assert (reading.over, early.active(), late.active()) == ([], False, True)
    reading.turns(2)
    assert (reading.over, late.active()) == (["late"], False)
    late.cancel()
    between = reading.patience.callLater(10, reading.over.append, "between")
    reading.pass_(10)
    reading.turns(1)
    between.cancel()
    assert reading.clock.getDelayedCalls() == []


def test_limit() -> None:
    """A late Deferred is cancelled; one that fires during the round of reading isn't."""
    reading = Reading()
    slow, answered = (reading.patience.limit(Deferred(), 10) for _ in range(2))
    forEver: Deferred[Any] = Deferred()
    assert reading.patience.limit(forEver, 0) is forEver
    reading.pass_(10)
    answered.callback("answer")
    reading.clock.advance(0)
    assert succeeded(answered) == "answer"
    assert isinstance(failed(slow), defer.TimeoutError)
    assert not forEver.called


class Stopped:
    """
    A server on a real reactor, in a process whose time the test sets.
    """

    def __init__(self, **limits: float) -> None:
        self.reactor: Any = EPollReactor()
        self._now = 0.0
        self._clock = SteadyClock(self.reactor, lambda: self._now)
        settings = Settings(limits=Settings().limits.having(limits, "test"))
        self.hub = Hub(clock=self._clock, settings=settings)
        self._port = self.reactor.listenTCP(0, RatchetServerFactory(self.hub, self.reactor), interface="127.0.0.1")
        self.peers: list[socket] = []

    def turn(self, times: int) -> None:
        for _ in range(times):
            self.reactor.iterate(0)

    def connect(self) -> socket:
        peer = create_connection(("127.0.0.1", self._port.getHost().port), PATIENCE)
        # Else the system waits before it sends something short.
        peer.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        peer.sendall(handshake())
        self.turn(4)
        assert peer.recv(4096).startswith(b"HTTP/1.1 101")
        self.peers.append(peer)
        return peer

    def stopFor(self, seconds: float) -> None:
        """
        Let time pass, and then run what has become due.
        """
        self._now += seconds
        self.reactor.callFromThread(self._clock.tick)
        self.turn(2)

    def close(self) -> None:
        for peer in self.peers:
            peer.close()
        self.turn(10)
        self._port.stopListening()
        self.turn(2)


def test_manyPongs() -> None:
    """
    After the process stood still, peers that answered a ping stay, however many they are; the others are closed.

    They are more than the nested epoll reads in one turn.
    """
    server = Stopped(pingSeconds=20, pongSeconds=5)
    peers = [server.connect() for _ in range(200)]
    server.stopFor(20)
    for peer in peers:
        assert peer.recv(100)[0] & 15 == PING
    silent = peers.pop(100)
    for peer in peers:
        peer.sendall(frame(b"", PONG))
    server.stopFor(10)
    server.turn(10)
    assert server.hub.counters.closes == {4012: 1}
    assert silent.recv(100)[2:4] == (4012).to_bytes(2, "big")
    server.close()


class Page:
    """
    A peer of that server.
    """

    def __init__(self, port: int, part: slice, stack: ExitStack) -> None:
        self.socket = stack.enter_context(create_connection(("127.0.0.1", port), PATIENCE))
        self.handshake = handshake(host=f"127.0.0.1:{port}")
        self.socket.sendall(self.handshake[part])
        self._stream = Stream()
        self._frames: list[Any] = []

    def open(self) -> "Page":
        received = b""
        while b"\r\n\r\n" not in received:
            more = self.socket.recv(1)
            assert more, received
            received += more
        assert received.startswith(b"HTTP/1.1 101"), received
        return self

    def send(self, name: str, data: Any = None, **keys: Any) -> "Page":
        self.socket.sendall(event(name, data, **keys))
        return self

    def read(self, found: Callable[[Any], Any]) -> Any:
        """
        Read until a frame is found, and drop those before it.
        """
        while True:
            while self._frames:
                each = self._frames.pop(0)
                if found(each):
                    return each
                assert each.opcode != 8, f"closed with {each.code}"
            data = self.socket.recv(65536)
            assert data, "closed without a word"
            self._frames += self._stream.feed(data)

    def message(self, **keys: Any) -> Any:
        """
        Read until there is a message with these keys.
        """
        isIt = lambda each: each.opcode == 1 and keys.items() <= each.json.items()  # noqa: E731
        return self.read(isIt).json["data"]


@pytest.fixture(params=["", "nested-epoll"], ids=["", "withoutNestedEpoll"])
def stopped(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("RATCHET_WITHOUT", request.param)
    copy(PROGRAMS / "stopped.py", tmp_path / "mine.py")
    port = freePort()
    limits = {"pingSeconds": 0.5, "pongSeconds": 2.5, "headSeconds": 2.5, "loginSeconds": 2.5, "handlerSeconds": 2.5}
    words = [
        *("ratchet", "--port", str(port), "--address", "127.0.0.1", "--application", "mine.Chat"),
        *("--provider", "mine.Users"),
        *(word for name, value in limits.items() for word in ("--limit", f"{name}={value}")),
        *("--limit", "strangersPerAddress=0", "--limit", "connectionsPerClient=0"),
    ]
    with serving(twistd("-n", "--pidfile=", *words), port, tmp_path) as server:
        yield server
        assert "Traceback" not in server.stop()


@pytest.fixture
def connect(stopped: Server) -> Iterator[Callable[..., Page]]:
    with ExitStack() as stack:
        yield lambda part=slice(None): Page(stopped.port, part, stack)


@pytest.mark.parametrize("how", ["stopped", "blocked"])
def test_stoppedProcess(stopped: Server, connect: Callable[..., Page], how: str) -> None:
    """
    What came while the process was stopped, or a handler blocked it, is in time, even after the longest timeout: pongs, the
    rest of a head, a login, a reply, and what a handler waits for.
    """
    members = [connect().open().send("socket.auth.request", {"token": f"user-{number}"}) for number in range(80)]
    for each in members:
        each.message(event="socket.auth.success")
    blocking, waiting, asked, going = members[:4]
    for each in members[4:]:
        each.read(lambda each: each.opcode == PING)
    stranger, head = connect().open(), connect(slice(30))
    waiting.send("wait", id=1)
    asked.send("ask", id=1)
    question = asked.read(lambda each: each.opcode == 1 and each.json["event"] == "question").json["id"]
    if how == "stopped":
        os.kill(stopped.pid, signal.SIGSTOP)
    else:
        blocking.send("block", 4)
        # Until it is read.
        sleep(0.2)
    head.socket.sendall(head.handshake[30:])
    stranger.send("socket.auth.request", {"token": "late"})
    asked.send("socket.reply", {"ok": True, "result": "answer"}, re=question)
    for each in members:
        each.socket.sendall(frame(b"", PONG))
    going.send("go")
    sleep(4)
    if how == "stopped":
        os.kill(stopped.pid, signal.SIGCONT)
    assert head.open()
    assert stranger.message(event="socket.auth.success")
    assert waiting.message(re=1) == {"ok": True, "result": "went"}
    assert asked.message(re=1) == {"ok": True, "result": "answer"}
    for each in members:
        each.socket.sendall(frame(b"", PONG))
        assert each.send("socket.ping", id=9).message(re=9)["ok"]
