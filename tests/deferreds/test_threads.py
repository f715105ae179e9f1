"""
Publishing from other threads, with a real reactor where there are threads, and a strict stand-in where time counts.
"""

from collections.abc import Callable
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
from ratchet_tx.deferreds.threads import waitFor
from tests.kit.fakes import Peer, startedHub


@implementer(IReactorFromThreads)
class BusyReactor:
    """
    A reactor that comes to nothing before the test lets it.
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
    A reactor that comes to everything at once.
    """

    def callFromThread(self, function: Any, *arguments: Any, **keywords: Any) -> None:
        function(*arguments, **keywords)


class Waiter(Thread):
    """
    A thread that waits for a call.

    @ivar outcome: what it gave, or raised
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
    """From any thread an event reaches whom it is for, when the call returns; many threads may do so at once."""
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
    """The reactor's thread would wait for itself, and is told what to do instead."""
    await deferToThread(lambda: None)
    with pytest.raises(UsageError, match=r"own thread, which would wait for itself: call hub\.emit\(\)"):
        Hub(clock=globalReactor).publishFromThread("item")


def test_noReactor() -> None:
    """A hub that no reactor serves can't be called from threads, and says how it can be."""
    for hub in (startedHub(), Hub(), Hub(clock=Clock())):
        with pytest.raises(UsageError, match=r"isn't served by a reactor .* RatchetServerFactory"):
            hub.publishFromThread("item")


def test_theServersReactor() -> None:
    """It is the reactor of who serves the hub that is called, whatever clock the hub has."""
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
    """What the call gives later is waited for: a position, or a failure."""
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
    """What the reactor didn't come to in time is never done; what it had begun is said to be."""
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
    """A time-out of the call itself stays what it is."""

    def late() -> None:
        raise TimeoutError("the broker's")

    reactor = BusyReactor()
    waiter = Waiter(late, reactor, 60)
    while waiter.is_alive():
        reactor.turn()
    assert str(waiter.outcome) == "the broker's"
