"""
Publishing from other threads, with a real reactor, and with a fake one where time matters.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import run
from threading import Event, Thread
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor as globalReactor
from twisted.internet.defer import Deferred, fail, gatherResults
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from zope.interface import implementer

from ratchet_tx import Hub, RatchetServerFactory, RoomPolicy, UsageError
from ratchet_tx.deferreds.threads import OwnThread, waitFor
from tests.kit.fakes import FakeProvider, FakeTimer, Peer, clockOf, startedHub

PROGRAMS = Path(__file__).parent / "programs"


@implementer(IReactorFromThreads)
class BusyReactor:
    """
    A reactor that calls nothing before the test lets it.
    """

    def __init__(self) -> None:
        self.called: list[Callable[[], Any]] = []

    def callFromThread(self, function: Any, *arguments: Any, **keywords: Any) -> None:
        self.called.append(lambda: function(*arguments, **keywords))

    def turn(self) -> None:
        while self.called:
            self.called.pop(0)()


@implementer(IReactorFromThreads)
class PromptReactor:
    """
    A reactor that calls everything at once.
    """

    def callFromThread(self, function: Any, *arguments: Any, **keywords: Any) -> None:
        function(*arguments, **keywords)


class Waiter(Thread):
    """
    A thread that waits for a call.

    @ivar outcome: its result, or the exception
    """

    def __init__(self, call: Callable[[], Any], reactor: Any, timeout: float | None) -> None:
        super().__init__()
        self._waitFor = (call, reactor, timeout)
        self.outcome: Any = None
        self.start()

    def run(self) -> None:
        try:
            self.outcome = waitFor(*self._waitFor)
        except BaseException as error:
            self.outcome = error


@ensureDeferred
async def test_publishFromThread() -> None:
    """An event from any thread has reached its receivers when the call returns; many threads may publish at once."""
    hub = Hub()
    factory = RatchetServerFactory(hub, globalReactor)
    factory.doStart()
    peer = Peer(hub)
    peer.connection.join("news")
    assert await deferToThread(hub.publishFromThread, "item", {"title": "x"}) is None
    assert peer.read() == [{"event": "item", "data": {"title": "x"}}]
    await gatherResults([deferToThread(hub.publishFromThread, "item", count, room="news") for count in range(50)])
    assert sorted(frame["data"] for frame in peer.read()) == list(range(50))
    await deferToThread(hub.publishFromThread, "item", client="nobody's")
    await deferToThread(hub.publishFromThread, "item", client=peer.connection.client.id)
    assert peer.read() == [{"event": "item", "data": None}]
    hub.applications.registerRooms("kept", RoomPolicy(historySize=10, historySeconds=60))
    assert [(await deferToThread(hub.publishFromThread, "item", room="kept")).offset for _ in range(2)] == [1, 2]
    with pytest.raises(UsageError, match="one of the protocol's own"):
        await deferToThread(hub.publishFromThread, "socket.bye")
    peer.leave()
    factory.doStop()


@ensureDeferred
async def test_theReactorsOwnThread() -> None:
    """Publishing from the reactor's thread is an error that says what to call instead."""
    await deferToThread(lambda: None)
    with pytest.raises(UsageError, match=r"own thread, which would wait for itself: call hub\.emit\(\)"):
        Hub(clock=globalReactor).publishFromThread("item")


def test_noReactor() -> None:
    """Publishing to a hub without a reactor is an error that says how to serve it."""
    for hub in (startedHub(), Hub(), Hub(clock=Clock())):
        with pytest.raises(UsageError, match=r"isn't served by a reactor .* RatchetServerFactory"):
            hub.publishFromThread("item")


def test_theServersReactor() -> None:
    """The call goes to the reactor that serves the hub, whatever clock the hub has."""
    reactor: Any = BusyReactor()
    hub = startedHub()
    hub.attach(object(), reactor)
    thread = Thread(target=hub.publishFromThread, args=("item",))
    peer = Peer(hub)
    thread.start()
    while thread.is_alive():
        reactor.turn()
    thread.join()
    assert peer.read() == [{"event": "item", "data": None}]


def test_laterResults() -> None:
    """The call waits for the Deferred's result: a position, or a failure."""
    reactor = BusyReactor()
    position: Deferred[Any] = Deferred()
    waiter = Waiter(lambda: position, reactor, 60)
    failing = Waiter(lambda: fail(OSError("no broker")), reactor, None)
    position.callback(("k3Zq", 42))
    while waiter.is_alive() or failing.is_alive():
        reactor.turn()
    assert waiter.outcome == ("k3Zq", 42)
    assert str(failing.outcome) == "no broker"


def test_tooLate() -> None:
    """After a timeout a call that had not begun never happens; the error says if it had begun."""
    reactor = BusyReactor()
    done = Event()
    waiter = Waiter(done.set, reactor, 0.01)
    waiter.join()
    assert str(waiter.outcome) == "No result after 0.01 s: the reactor didn't come to it, and won't now"
    reactor.turn()
    assert not done.is_set()
    never: Deferred[Any] = Deferred()
    waiter = Waiter(lambda: never, PromptReactor(), 0.01)
    waiter.join()
    assert isinstance(waiter.outcome, TimeoutError)
    assert str(waiter.outcome) == "No result after 0.01 s: it has been sent, but was not confirmed"
    never.callback(None)


def test_othersTimeouts() -> None:
    """A TimeoutError of the call itself stays as it is."""

    def late() -> None:
        raise TimeoutError("the broker's")

    reactor = BusyReactor()
    waiter = Waiter(late, reactor, 60)
    while waiter.is_alive():
        reactor.turn()
    assert str(waiter.outcome) == "the broker's"


def elsewhere(call: Callable[[], Any]) -> Any:
    """
    Call something in another thread.

    @return: its result, or the exception that it raised
    """
    results: list[Any] = []

    def do() -> None:
        try:
            results.append(call())
        except Exception as error:
            results.append(error)

    thread = Thread(target=do)
    thread.start()
    thread.join()
    return results[0]


CALLS: dict[str, Callable[[Hub, Any], Any]] = {
    "hub.emit": lambda hub, _: hub.emit("x"),
    "hub.emit to a client": lambda hub, _: hub.emit("x", client="ada"),
    "hub.disconnect": lambda hub, _: hub.disconnect("ada"),
    "hub.leave": lambda hub, _: hub.leave("ada", "lobby"),
    "hub.members": lambda hub, _: hub.members("lobby"),
    "connection.emit": lambda _, connection: connection.emit("x"),
    "connection.broadcast": lambda _, connection: connection.broadcast("x"),
    "connection.ask": lambda _, connection: connection.ask("x"),
    "connection.join": lambda _, connection: connection.join("other"),
    "connection.leave": lambda _, connection: connection.leave("lobby"),
    "connection.close": lambda _, connection: connection.close(),
}


@pytest.mark.parametrize("call", CALLS)
def test_anotherThread(call: str) -> None:
    """Methods that act on peers do nothing in another thread, and raise an error that says what to call there."""
    hub = startedHub(clientProvider=FakeProvider(a="ada"))
    ada = Peer(hub)
    ada.logIn("a")
    ada.connection.join("lobby")
    ada.read()
    error = elsewhere(lambda: CALLS[call](hub, ada.connection))
    assert isinstance(error, UsageError)
    assert "hub.publishFromThread" in str(error)
    assert (ada.read(), ada.connection.rooms, ada.transport.closedWith) == ([], ("lobby",), None)
    CALLS[call](hub, ada.connection)


def test_startedElsewhere() -> None:
    """Without a reactor a hub may be called in the thread that started it only."""
    hub: Hub = elsewhere(startedHub)
    with pytest.raises(UsageError):
        hub.emit("x")
    assert not isinstance(elsewhere(Hub(clock=Clock()).emit), UsageError)


def test_reactorInAnotherThread() -> None:
    """A hub that was set up in one thread belongs to the thread in which its reactor runs."""
    ran = run([sys.executable, str(PROGRAMS / "elsewhere.py")], capture_output=True, text=True, timeout=60, check=False)
    assert ran.stdout == "refused\n", ran.stderr


def test_before() -> None:
    """Before the start, any thread may call the hub."""
    elsewhere(lambda: OwnThread().require("it", "that"))


def test_timers() -> None:
    """A timer may be added from any thread before the hub runs, and then from the hub's thread only."""
    hub = startedHub()
    assert isinstance(elsewhere(lambda: hub.timers.add(FakeTimer())), UsageError)
    clockOf(hub).advance(5)
    hub.timers.add(FakeTimer())
    hub.stopService()
    assert elsewhere(lambda: hub.timers.add(FakeTimer("another"))) is None
