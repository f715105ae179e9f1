"""
A hub's start and its stop.
"""

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ratchet_tx import UsageError, on
from ratchet_tx.backplane.memory import MemoryBackplane
from tests.kit.applications import Echo
from tests.kit.fakes import FakeTimer, Peer, clockOf, logged, override, startedHub


class TestStarting:
    def test_startingTwice(self) -> None:
        """Starting a hub that runs does nothing."""
        timer = FakeTimer()
        hub = startedHub()
        hub.timers.add(timer)
        hub.startService()
        clockOf(hub).advance(1)
        assert timer.ticks == 1

    def test_noApplication(self) -> None:
        """A hub without an application says in the log how to add one."""
        with logged() as lines:
            startedHub()
        assert any("--application" in line for line in lines)

    def test_aBackplaneThatCantStartIsLogged(self) -> None:
        """A backplane that fails to start is told in the log."""
        backplane = MemoryBackplane()
        failing: Deferred[None] = Deferred()
        override(backplane, start=lambda receive, clock: failing)
        startedHub(backplane=backplane)
        with logged() as lines:
            failing.errback(OSError("no such host"))
        assert any("no such host" in line for line in lines)


class TestStopping:
    def test_everythingIsTakenLeaveOf(self) -> None:
        """Stopping closes every connection with 1001, and ends when the last one and the last tick are gone."""
        tick: Deferred[None] = Deferred()
        hub = startedHub()
        hub.timers.add(FakeTimer(result=tick))
        peers = [Peer(hub), Peer(hub)]
        clockOf(hub).advance(1)
        stopped: list[Any] = []
        hub.stopService().addCallback(stopped.append)
        assert [peer.transport.closedWith for peer in peers] == [(1001, "Going away")] * 2
        peers[0].leave()
        tick.callback(None)
        assert stopped == []
        peers[1].leave()
        assert stopped == [None]
        assert clockOf(hub).getDelayedCalls() == []

    def test_whatWasSentIsHandled(self) -> None:
        """What a peer has sent already is handled and answered before it is closed; what it sends then is dropped."""
        echo = Echo()
        hub = startedHub(echo)
        peer = Peer(hub)
        peer.emit("later", 1, id=1)
        peer.emit("beside", 2, id=2)
        peer.emit("echo", 3, id=3)
        hub.stopService()
        peer.emit("echo", 4, id=4)
        assert peer.transport.closedWith is None
        echo.asked[0].callback("done")
        assert [frame.get("re") for frame in peer.read()] == [1, None, 3]
        assert peer.transport.closedWith is None
        echo.asked[1].callback("done")
        assert [frame.get("re") for frame in peer.read()] == [2]
        assert peer.transport.closedWith == (1001, "Going away")

    def test_versionTwo(self) -> None:
        """Peers of version 2 are told to come again, and when, and closed with 4001."""
        hub = startedHub()
        peer = Peer(hub)
        peer.logIn("", v=2)
        peer.read()
        hub.stopService()
        bye = {"code": "server.drain", "reconnect": True, "after": [0, 5]}
        assert peer.read() == [{"event": "socket.bye", "data": bye}]
        assert peer.transport.closedWith == (4001, "Going away")

    def test_abandoning(self) -> None:
        """A hub that is abandoned waits for nobody, whatever he does about it."""
        hub = startedHub(Echo())
        hub.timers.add(FakeTimer(result=lambda: Deferred()))
        peer = Peer(hub)
        clockOf(hub).advance(1)
        stopped: list[Any] = []
        hub.stopService().addCallback(stopped.append)
        hub.abandon()
        assert (stopped, hub.overdue, peer.transport.aborted) == ([None], True, True)
        peer.leave(1006, "", clean=False)
        assert stopped == [None]
        hub.abandon()

    def test_closeHandlersAreWaitedFor(self) -> None:
        """Stopping waits for socket.close handlers that are not done yet."""
        saving: Deferred[None] = Deferred()

        class Saves:
            @on("socket.close")
            def save(self, event: Any) -> Deferred[None]:
                return saving

        hub = startedHub(Saves())
        peer = Peer(hub)
        stopped: list[Any] = []
        hub.stopService().addCallback(stopped.append)
        peer.leave()
        assert stopped == []
        saving.callback(None)
        assert stopped == [None]

    def test_deadline(self) -> None:
        """What hasn't ended by the deadline is dropped and cancelled."""
        cancelled: list[Any] = []

        class Hangs:
            @on("socket.close")
            def hang(self, event: Any) -> Deferred[None]:
                return Deferred(cancelled.append)

        hub = startedHub(Hangs(), limits={"drainSeconds": 3, "handlerSeconds": 0})
        hub.timers.add(FakeTimer(result=lambda: Deferred(cancelled.append)))
        stays, goes = Peer(hub), Peer(hub)
        clockOf(hub).advance(1)
        stopped: list[Any] = []
        with logged() as lines:
            hub.stopService().addCallback(stopped.append)
            goes.leave()
            clockOf(hub).advance(3)
        assert stays.transport.aborted
        assert any("3 s" in line for line in lines)
        stays.leave(1006, "", clean=False)
        clockOf(hub).advance(3)
        assert len(cancelled) == 3
        assert stopped == [None]

    def test_noDeadline(self) -> None:
        """Where the limit is switched off, stopping waits for as long as it takes."""
        hub = startedHub(limits={"drainSeconds": 0})
        peer = Peer(hub)
        stopped: list[Any] = []
        hub.stopService().addCallback(stopped.append)
        clockOf(hub).advance(10_000)
        assert (stopped, peer.transport.aborted) == ([], False)
        peer.leave()
        assert stopped == [None]

    def test_stoppingTwice(self) -> None:
        """Stopping a hub that doesn't run is done at once."""
        hub = startedHub()
        hub.stopService()
        stopped: list[Any] = []
        hub.stopService().addCallback(stopped.append)
        assert stopped == [None]

    def test_stoppingTwiceAtOnce(self) -> None:
        """Who stops a hub that is stopping already waits for the same; starting it meanwhile is an error."""
        hub = startedHub()
        peer = Peer(hub)
        stopped: list[Any] = []
        hub.stopService().addCallback(stopped.append)
        hub.stopService().addCallback(stopped.append)
        with pytest.raises(UsageError, match="still stopping"):
            hub.startService()
        assert stopped == []
        peer.leave()
        assert stopped == [None, None]
        hub.startService()
        assert hub.running

    def test_aBackplaneThatCantStop(self) -> None:
        """A backplane that fails to stop is logged, and the hub has stopped."""
        hub = startedHub()

        def stop() -> None:
            raise OSError("no such host")

        override(hub.backplane, stop=stop)
        stopped: list[Any] = []
        with logged() as lines:
            hub.stopService().addCallback(stopped.append)
        assert stopped == [None]
        assert any("no such host" in line for line in lines)

    def test_startingAgain(self) -> None:
        """A hub that was stopped can be started again."""
        timer = FakeTimer()
        hub = startedHub()
        hub.timers.add(timer)
        hub.stopService()
        hub.startService()
        clockOf(hub).advance(1)
        assert timer.ticks == 1
        hub.emit("news")
