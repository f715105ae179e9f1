"""
The protocol's own events; logging in has tests of its own, and replies are in the connection's.
"""

from typing import Any

from twisted.internet.defer import Deferred

from ratchet_tx import on
from tests.kit.fakes import Peer, startedHub


def test_table() -> None:
    """These a peer can ask of the protocol itself; replies and pings don't wait for the events before them."""
    controls = startedHub().parts.controls
    assert {name: control.ordered for name, control in controls.byEvent.items()} == {
        "socket.auth.request": True,
        "socket.auth.refresh": False,
        "socket.history": True,
        "socket.ping": False,
        "socket.presence.update": True,
        "socket.reply": False,
        "socket.subscribe": True,
        "socket.unsubscribe": True,
    }


class TestPings:
    def test_atOnce(self) -> None:
        """A ping with an id is answered at once, even while a handler is busy."""

        class Slow:
            @on("slow")
            def slow(self, event: Any) -> Deferred[None]:
                return Deferred()

        peer = Peer(startedHub(Slow()))
        peer.emit("slow")
        peer.emit("socket.ping", id=1)
        peer.emit("socket.ping")
        assert peer.read() == [{"event": "socket.reply", "data": {"ok": True, "result": None}, "re": 1}]


def test_repliesWithAnId() -> None:
    """A reply that has an id itself is told that it has come, whether or not somebody waited for it."""
    peer = Peer(startedHub())
    peer.emit("socket.reply", {"ok": True, "result": 5}, re="s1", id=7)
    assert peer.read() == [{"event": "socket.reply", "data": {"ok": True, "result": None}, "re": 7}]
