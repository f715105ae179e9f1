"""
The monotonic clock: over a fake reactor whose time of day the test sets, over a real reactor, and under a real server.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copy
from socket import create_connection
from time import monotonic
from typing import Any

import pytest
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.interfaces import IReactorCore, IReactorFromThreads, IReactorTime
from twisted.internet.task import Clock
from zope.interface import directlyProvides, implementer
from zope.interface.verify import verifyObject

from ratchet_tx import Hub, RatchetServerFactory
from ratchet_tx.deferreds.clock import SteadyClock, nextTurn, steady, wallClock, wallTime
from tests.kit.fakes import logged, startedHub
from tests.kit.processes import PATIENCE, freePort, serving
from tests.kit.stepping import TimeOfDay
from tests.kit.wire import CLOSE, PING, PONG, TEXT, Stream, event, frame, handshake

PROGRAMS = Path(__file__).parent / "programs"


@implementer(IReactorFromThreads)
class Wall(Clock):
    """
    A reactor whose time of day the test steps, beside a time that doesn't step.

    @ivar steadily: the monotonic time
    """

    def __init__(self) -> None:
        super().__init__()
        directlyProvides(self, IReactorCore)
        self.steadily = 0.0
        self.called: list[Callable[[], Any]] = []
        self.starting: list[Callable[[], Any]] = []
        self.triggers: list[Any] = []

    def pass_(self, seconds: float) -> None:
        """
        Let time pass on both.
        """
        self.steadily += seconds
        self.advance(seconds)

    def step(self, seconds: float) -> None:
        """
        Set the time of day.
        """
        self.rightNow += seconds

    def callFromThread(self, function: Any, *arguments: Any, **keywords: Any) -> None:
        self.called.append(lambda: function(*arguments, **keywords))

    def callWhenRunning(self, function: Any) -> None:
        self.starting.append(function)

    def addSystemEventTrigger(self, phase: str, event: str, function: Any) -> Any:
        self.triggers.append((phase, event, function))
        return self.triggers[-1]

    def removeSystemEventTrigger(self, trigger: Any) -> None:
        self.triggers.remove(trigger)


class House:
    def __init__(self) -> None:
        self.wall = Wall()
        self.clock = SteadyClock(self.wall, lambda: self.wall.steadily)
        self.calls: list[Any] = []

    def later(self, seconds: float, name: Any) -> Any:
        return self.clock.callLater(seconds, self.calls.append, name)

    def tick(self) -> None:
        """
        Tick as the thread does once a second.
        """
        self.clock.tick()
        self.wall.advance(0)


@pytest.fixture
def house() -> House:
    return House()


def test_interface(house: House) -> None:
    """The clock provides IReactorTime."""
    verifyObject(IReactorTime, house.clock)
    verifyObject(IReactorTime, wallClock(house.clock))


def test_order(house: House) -> None:
    """Delayed calls come in the order of their times, and not before."""
    for seconds in (3, 1, 2):
        house.later(seconds, seconds)
    house.wall.pass_(0.9)
    assert house.calls == []
    house.wall.pass_(1.2)
    assert house.calls == [1, 2]
    house.wall.pass_(5)
    assert house.calls == [1, 2, 3]
    assert house.wall.getDelayedCalls() == []


def test_arguments(house: House) -> None:
    """Arguments are passed on, keyword arguments too."""
    house.clock.callLater(0, lambda *values, **named: house.calls.append((values, named)), 1, a=2)
    house.wall.pass_(0)
    assert house.calls == [((1,), {"a": 2})]


def test_delayedCalls(house: House) -> None:
    """A delayed call can be cancelled, moved either way, and inspected."""
    cancelled, sooner, later, kept = (house.later(10, name) for name in ("cancelled", "sooner", "later", "kept"))
    assert set(house.clock.getDelayedCalls()) == {cancelled, sooner, later, kept}
    cancelled.cancel()
    sooner.reset(1)
    later.delay(5)
    assert (sooner.getTime(), later.getTime(), cancelled.active()) == (1, 15, False)
    house.wall.pass_(1)
    assert house.calls == ["sooner"]
    house.wall.pass_(9)
    assert house.calls == ["sooner", "kept"]
    later.reset(1)
    house.wall.pass_(1)
    assert house.calls == ["sooner", "kept", "later"]
    with pytest.raises(AlreadyCancelled):
        cancelled.cancel()
    with pytest.raises(AlreadyCalled):
        kept.reset(1)
    assert house.clock.getDelayedCalls() == []


def test_whatCallsAskFor(house: House) -> None:
    """A call that a call makes comes in the next turn; a call may cancel or delay others that are due."""

    def begin() -> None:
        house.calls.append("begun")
        house.later(0, "again")
        other.cancel()
        third.delay(1)

    house.clock.callLater(1, begin)
    other = house.later(1, "other")
    third = house.later(1, "third")
    house.wall.steadily += 1
    house.clock._ring()
    assert house.calls == ["begun"]
    assert len(house.clock.getDelayedCalls()) == 2
    house.wall.pass_(1)
    assert house.calls == ["begun", "again", "third"]


def test_failing(house: House) -> None:
    """A failing call is logged, and the others come."""

    def fail() -> None:
        raise SystemExit

    house.clock.callLater(1, fail)
    house.later(1, "other")
    with logged() as lines:
        house.wall.pass_(1)
    assert "SystemExit" in lines[0]
    assert house.calls == ["other"]


def test_manyCancelled(house: House) -> None:
    """Cancelled calls leave nothing behind, however far away they are, and the reactor has one call."""
    house.later(1000, "kept")
    for _ in range(1000):
        house.later(2000, "cancelled").cancel()
    assert len(house.clock._calls) < 200
    assert len(house.wall.getDelayedCalls()) == 1
    house.wall.pass_(2000)
    assert house.calls == ["kept"]


@pytest.mark.parametrize("step", [-5, -3600, -86400])
def test_stepBack(house: House, step: float) -> None:
    """After the time of day is set back, a call is at most a tick late, and the next ones are on time."""
    house.later(1, "first")
    house.later(2.5, "second")
    house.wall.step(step)
    house.wall.pass_(1.2)
    assert house.calls == []
    house.tick()
    assert house.calls == ["first"]
    house.wall.pass_(1.3)
    assert house.calls == ["first", "second"]


def test_stepForward(house: House) -> None:
    """After the time of day is set forward, no call is early or late."""
    house.later(10, "due")
    house.wall.step(3600)
    house.wall.pass_(9)
    assert house.calls == []
    house.wall.pass_(1)
    assert house.calls == ["due"]


def test_frozen(house: House) -> None:
    """While the time of day stands still, calls come with the ticks."""
    house.later(10, "due")
    house.wall.steadily += 9.5
    house.tick()
    assert house.calls == []
    house.wall.steadily += 1
    house.tick()
    assert house.calls == ["due"]


def test_thread(house: House) -> None:
    """The thread starts when the reactor runs, and ends when no call waits."""
    call = house.later(100, "call")
    [begin] = house.wall.starting
    assert names() == []
    begin()
    assert names() == ["ratchet clock"]
    house.tick()
    assert names() == ["ratchet clock"]
    call.cancel()
    house.tick()
    assert (names(), house.wall.triggers) == ([], [])


def test_threadOfNothing(house: House) -> None:
    """No thread starts if no call waits when the reactor starts."""
    house.later(100, "call").cancel()
    house.clock.stopIfIdle()
    house.wall.starting[0]()
    assert names() == []


def test_threadAtTheEnd(house: House) -> None:
    """The thread ends with the reactor, even if calls wait."""
    house.later(100, "call")
    house.wall.starting[0]()
    [(phase, event, end)] = house.wall.triggers
    assert (phase, event) == ("after", "shutdown")
    end()
    assert names() == []
    for late in house.wall.called:
        late()


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "ratchet clock"]


class SteppingReactor(EPollReactor):
    """
    A real reactor whose time of day the test sets.
    """

    step = 0.0

    def seconds(self) -> float:  # type: ignore[override]
        return super().seconds() + self.step


@contextmanager
def running() -> Iterator[tuple[SteppingReactor, Callable[[], None]]]:
    """
    Make a reactor, and a function that runs it until it is stopped; a test that would wait for an hour fails sooner.
    """
    reactor: Any = SteppingReactor()
    late: list[Any] = []
    watchdog = threading.Timer(60, lambda: reactor.callFromThread(lambda: (late.append(True), reactor.stop())))
    watchdog.start()
    yield reactor, lambda: reactor.run(installSignalHandlers=False)
    watchdog.cancel()
    assert not late
    assert names() == []


def test_realReactor() -> None:
    """Calls come in order over a real reactor whose time is set back by a day, and then forward by two."""
    with running() as (reactor, run):
        clock = steady(reactor)
        calls: list[str] = []

        def back() -> None:
            reactor.step = -86400
            clock.callLater(0.1, calls.append, "after")

        def forward() -> None:
            reactor.step = 86400
            calls.append("forward")

        clock.callLater(0.01, back)
        clock.callLater(0.5, forward)
        clock.callLater(1, calls.append, "last")
        clock.callLater(1.5, reactor.stop)
        clock.callLater(100, calls.append, "never")
        run()
    assert calls == ["after", "forward", "last"]


def test_realTurns() -> None:
    """A call for the next turn comes then, even if the time is set back in between."""
    with running() as (reactor, run):
        calls: list[str] = []

        def begin() -> None:
            nextTurn(reactor)(calls.append, "turn")
            nextTurn(reactor)(reactor.stop)
            reactor.step = -3600

        reactor.callWhenRunning(begin)
        run()
    assert calls == ["turn"]


def test_hubs() -> None:
    """A hub uses a monotonic clock over its reactor, and leaves no thread; another clock it uses as it is."""
    fake = Clock()
    assert steady(fake) is fake
    assert startedHub(clock=fake).clock is fake
    assert wallTime(fake)() == 0
    assert wallClock(fake) is fake
    with running() as (reactor, run):
        for hub in (Hub(clock=reactor), Hub()):
            factory = RatchetServerFactory(hub, reactor)

            def begin(factory: Any = factory) -> None:
                factory.doStart()
                factory.hub.clock.callLater(0.01, end, factory)

            def end(factory: Any) -> None:
                call = factory.hub.clock.callLater(100, print)
                assert isinstance(factory.hub.clock, SteadyClock)
                call.cancel()
                factory.doStop()
                ended.append(names())

            reactor.callWhenRunning(begin)
        ended: list[Any] = []
        reactor.callLater(0.2, reactor.stop)
        run()
    assert len(ended) == 2
    assert ended[1] == []


class Page:
    """
    A peer of that server that answers its pings.

    @ivar pings: how many pings came
    @ivar code: the close code
    """

    def __init__(self, port: int) -> None:
        self._socket = create_connection(("127.0.0.1", port), PATIENCE)
        self._socket.sendall(handshake(host=f"127.0.0.1:{port}"))
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._socket.recv(1)
        self._stream = Stream()
        self._asked = self.pings = 0
        self.code: int | None = None
        self._messages: list[Any] = []

    def send(self, name: str, data: Any = None) -> int:
        self._asked += 1
        self._socket.sendall(event(name, data, id=self._asked))
        return self._asked

    def ask(self, name: str, data: Any = None) -> Any:
        """
        Send an event, and wait for its reply.
        """
        return self.reply(self.send(name, data))

    def reply(self, asked: int) -> Any:
        return self.wait(lambda: next((each for each in self._messages if each.get("re") == asked), None))["data"]

    def wait(self, found: Callable[[], Any]) -> Any:
        """
        Read until something is there, or the connection ends.
        """
        end = monotonic() + PATIENCE
        while not (result := found()):
            assert monotonic() < end, "it didn't come"
            data = self._socket.recv(65536)
            assert data, f"closed by {self.code}"
            for each in self._stream.feed(data):
                self._take(each)
        return result

    def _take(self, each: Any) -> None:
        if each.opcode == TEXT:
            self._messages.append(each.json)
        elif each.opcode == PING:
            self.pings += 1
            # It may have been closed since.
            with suppress(ConnectionError):
                self._socket.sendall(frame(each.payload, PONG))
        elif each.opcode == CLOSE:
            self.code = each.code

    def logIn(self, token: str) -> Any:
        return self.ask("socket.auth.request", {"token": token, "v": 2})

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def timeOfDay(tmp_path: Path) -> TimeOfDay:
    return TimeOfDay(tmp_path / "time")


@pytest.fixture
def port(tmp_path: Path, timeOfDay: TimeOfDay) -> Iterator[int]:
    copy(PROGRAMS / "clockwork.py", tmp_path / "mine.py")
    number = freePort()
    limits = {
        "pingSeconds": 0.3,
        "pongSeconds": 5,
        "loginSeconds": 1,
        "handlerSeconds": 0.5,
        "eventsPerSecond": 100,
        "eventsBurst": 200,
    }
    words = [
        *("ratchet", "--port", str(number), "--address", "127.0.0.1"),
        *("--application", "mine.Chat", "--timer", "mine.Ticking", "--provider", "mine.Users"),
        *(word for name, value in limits.items() for word in ("--limit", f"{name}={value}")),
    ]
    command = [sys.executable, "-m", "tests.kit.stepping", str(tmp_path / "time"), "-n", "--pidfile=", *words]
    with serving(command, number, tmp_path) as server:
        yield number
        assert "Traceback" not in server.stop()


@pytest.fixture
def connect(port: int) -> Iterator[Callable[[], Page]]:
    pages: list[Page] = []

    def connect() -> Page:
        pages.append(Page(port))
        return pages[-1]

    yield connect
    for page in pages:
        page.close()


@pytest.mark.parametrize("step", [-10, -3600, 3600, None])
def test_server(connect: Callable[[], Page], timeOfDay: TimeOfDay, step: float | None) -> None:
    """
    When the time of day is set back or forward, or stands still, a real server goes on: no peer is refused or closed, pings
    and timers come, and timeouts end on time, before and after.
    """
    old = connect()
    assert old.logIn("ada")["client"]
    stranger = connect()
    waiting = old.send("endless")
    assert all(old.ask("echo", number)["ok"] for number in range(50))
    if step is None:
        timeOfDay.freeze()
    else:
        timeOfDay.step(step)
    for who in ("ada", "bob"):
        page = old if who == "ada" else connect()
        assert page.logIn(who)["client"]
        assert all(page.ask("echo", number)["ok"] for number in range(60))
        pings, ticks = page.pings, page.ask("ticks")["result"]
        page.wait(lambda page=page, pings=pings: page.pings > pings + 1)
        assert page.ask("ticks")["result"] > ticks
        assert page.ask("endless")["error"]["code"] == "handler.timeout"
        assert page.ask("ask")["result"] == "reply.timeout"
    assert old.reply(waiting)["error"]["code"] == "handler.timeout"
    for page in (stranger, connect()):
        page.wait(lambda page=page: page.code)
        assert page.code == 4502


def test_expiring(connect: Callable[[], Page], timeOfDay: TimeOfDay) -> None:
    """
    A login expires at its time of day: no sooner when the clock is set back, and soon when it is set forward.
    """
    ada, bob = connect(), connect()
    assert 0 < ada.logIn("ada-100")["expires"] <= 100
    timeOfDay.step(-3600)
    assert 0 < bob.logIn("bob-2")["expires"] <= 2
    bob.wait(lambda: bob.code)
    assert bob.code == 4003
    assert ada.ask("echo")["ok"]
    timeOfDay.step(3600)
    ada.wait(lambda: ada.code)
    assert ada.code == 4003
