"""
The thread of a hub.
"""

import sys
from collections.abc import Callable
from subprocess import run
from threading import Thread
from typing import Any

import pytest
from twisted.internet.task import Clock

from ratchet_tx import Hub, UsageError
from ratchet_tx.deferreds.ownthread import OwnThread
from tests.kit.fakes import FakeProvider, FakeTimer, Peer, startedHub


def elsewhere(call: Callable[[], Any]) -> Any:
    """
    Call something in another thread.

    @return: what it gave, or the exception that it raised
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
    """Whatever acts on peers says in another thread what to call there, and does nothing."""
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
    """Without a reactor a hub belongs to the thread that starts it."""
    hub: Hub = elsewhere(startedHub)
    with pytest.raises(UsageError):
        hub.emit("x")
    assert not isinstance(elsewhere(Hub(clock=Clock()).emit), UsageError)


IN_ANOTHER_THREAD = """
from threading import Thread
from twisted.internet import reactor
from ratchet_tx import Hub, UsageError

hub = Hub(clock=reactor)
hub.startService()
hub.emit("x")

def inTheReactor():
    hub.emit("x").addCallback(lambda _: reactor.stop())

reactor.callWhenRunning(inTheReactor)
thread = Thread(target=reactor.run, args=(False,))
thread.start()
thread.join(20)
try:
    hub.emit("x")
except UsageError:
    print("refused")
"""


def test_reactorInAnotherThread() -> None:
    """What was set up in one thread belongs to the one in which its reactor runs, once it does."""
    ran = run([sys.executable, "-c", IN_ANOTHER_THREAD], capture_output=True, text=True, timeout=60, check=False)
    assert ran.stdout == "refused\n", ran.stderr


def test_before() -> None:
    """Before it is started, nobody knows."""
    elsewhere(lambda: OwnThread().require("it", "that"))


def test_timers() -> None:
    """A timer is added from any thread before the hub runs, and from its own thread only while it does."""
    hub = startedHub()
    assert isinstance(elsewhere(lambda: hub.timers.add(FakeTimer())), UsageError)
    hub.clock.advance(5)  # type: ignore[attr-defined]
    hub.timers.add(FakeTimer())
    hub.stopService()
    assert elsewhere(lambda: hub.timers.add(FakeTimer("another"))) is None
