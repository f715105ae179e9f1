"""
What may be left out for slow peers, from what an application says to what a peer gets.
"""

from typing import Any

import pytest

from ratchet_tx import Applications, UsageError
from ratchet_tx.wire.spare import Spare
from tests.kit.fakes import Peer, startedHub


def test_marks() -> None:
    """What is sent of an event has the mark that was registered for it, with its room; other events have none."""
    hub = startedHub()
    hub.applications.registerEvent("tick", whenSlow="drop")
    hub.applications.registerEvent("price", whenSlow="latest")
    peer = Peer(hub)
    peer.connection.join("gold")
    peer.connection.emit("tick")
    hub.emit("price", 1)
    hub.emit("price", 2, room="gold")
    peer.connection.emit("news")
    assert peer.transport.spares == [
        Spare("tick", None, False),
        Spare("price", None, True),
        Spare("price", "gold", True),
        None,
    ]


@pytest.mark.parametrize(("event", "whenSlow"), [("socket.reply", "drop"), ("", "drop"), ("x", "never"), ("x", None)])
def test_mistakes(event: Any, whenSlow: Any) -> None:
    """What can't be registered is an error."""
    with pytest.raises(UsageError):
        Applications().registerEvent(event, whenSlow=whenSlow)
