"""
The event that a handler gets.
"""

from typing import Any

from ratchet_tx import ConnectionEvent, Payload
from tests.kit.fakes import Peer, startedHub


def test_attributes() -> None:
    """An event has its connection, its payload, and the hub."""
    hub = startedHub()
    peer, payload = Peer(hub), Payload("chat.send", "hi")
    event: ConnectionEvent[str] = ConnectionEvent(peer.connection, payload, hub)
    assert (event.connection, event.payload, event.hub) == (peer.connection, payload, hub)


def test_repr() -> None:
    """An event shows its name and its connection, and never its data."""
    hub = startedHub()
    peer = Peer(hub, address="192.0.2.7")
    event: ConnectionEvent[Any] = ConnectionEvent(peer.connection, Payload("chat.send", "sesame"), hub)
    assert repr(event) == f"<ConnectionEvent 'chat.send' of <Connection {peer.connection.id} from 192.0.2.7>>"
