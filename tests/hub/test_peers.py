"""
Peers that come and go.
"""

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ratchet_tx import on
from ratchet_tx.connections.stages import Stage
from ratchet_tx.hub.peers import Peers
from ratchet_tx.transport.handshake.request import Request
from tests.kit.applications import Diary, Echo
from tests.kit.contracts import PeersContract
from tests.kit.fakes import FakeProvider, Peer, logged, startedHub, succeeded


class TestPeers(PeersContract):
    """
    A hub's peers, as its transport sees them.
    """

    def make(self) -> Peers:
        return startedHub().peers


class TestLife:
    def test_openAndClose(self) -> None:
        """An application hears of each connection's beginning and end, once."""
        diary = Diary()
        hub = startedHub(diary)
        peer = Peer(hub)
        assert hub.connections == (peer.connection,)
        peer.leave(4000, "bye")
        peer.leave(1006, "", clean=False)
        assert diary.entries == [
            ("socket.open", None),
            ("socket.close", {"code": 4000, "reason": "bye", "clean": True}),
        ]
        assert hub.connections == ()
        assert (hub.counters.opened, hub.counters.closed) == (1, 1)

    def test_ourOwnCloseIsToldAsOurs(self) -> None:
        """Where we closed, socket.close tells our code, whatever the peer answered."""
        diary = Diary()
        peer = Peer(startedHub(diary))
        peer.connection.close(4321, "enough")
        peer.leave(1006, "lost", clean=False)
        assert diary.entries[-1] == ("socket.close", {"code": 4321, "reason": "enough", "clean": False})

    @pytest.mark.parametrize("guests", [True, False])
    def test_handshakeTooLarge(self, guests: bool) -> None:
        """A handshake that alone is more than connectionBytes closes the connection; all is told and given back, as ever."""
        diary = Diary()
        limits = {"sendQueueBytes": 1000, "replayBytes": 1000, "messageBytes": 1000, "connectionBytes": 3500}
        hub = startedHub(diary, clientProvider=None if guests else FakeProvider(), limits=limits)
        peer = Peer(hub, Request("/", {}, {"cookie": "x" * 5000}))
        assert (peer.connection.stage, peer.transport.closedWith) == (Stage.LEAVING, (4008, "Too much is kept for you"))
        peer.leave(4008)
        assert [event for event, _ in diary.entries] == ["socket.open", "socket.close"]
        assert (hub.connections, hub.counters.opened, hub.counters.closed) == ((), 1, 1)
        assert (hub.ledger.bytes, hub.peers.permit("192.0.2.1")) == (0, None)
        assert succeeded(hub.stopService()) is None

    def test_eventsWaitForOpen(self) -> None:
        """A peer's first event waits until socket.open has been handled."""
        opening: Deferred[None] = Deferred()

        class Slow(Echo):
            @on("socket.open")
            def open(self, event: Any) -> Deferred[None]:
                return opening

        echo = Slow()
        peer = Peer(startedHub(echo))
        peer.emit("echo", 1)
        assert echo.order == []
        opening.callback(None)
        assert echo.order == [1]

    def test_whatGoesOnEndsWithTheConnection(self) -> None:
        """At a connection's end its running handlers are cancelled and its waiting events dropped."""
        cancelled: list[Any] = []

        class Slow(Echo):
            @on("slow")
            def slow(self, event: Any) -> Deferred[Any]:
                return Deferred(cancelled.append)

            @on("slow.beside", ordered=False)
            def slowBeside(self, event: Any) -> Deferred[Any]:
                return Deferred(cancelled.append)

        echo, diary = Slow(), Diary()
        peer = Peer(startedHub(echo, diary))
        peer.emit("slow.beside")
        peer.emit("slow", id=1)
        peer.emit("echo", 2)
        with logged() as lines:
            peer.leave()
        assert len(cancelled) == 2
        assert echo.order == []
        assert peer.read() == []
        assert diary.names()[-1] == "socket.close"
        assert lines == []

    def test_notRunning(self) -> None:
        """A hub that doesn't run refuses every peer."""
        hub = startedHub()
        hub.stopService()
        assert hub.peers.permit("192.0.2.7")
