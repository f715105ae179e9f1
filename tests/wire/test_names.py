"""
The names of events and rooms that our own side uses.
"""

from typing import Any

import pytest

from ratchet_tx.errors import UsageError
from ratchet_tx.wire.names import checkEvent, checkName


@pytest.mark.parametrize("name", ["", "x" * 129, 5, None, b"x"])
def test_badNames(name: Any) -> None:
    """A name of ours that no peer would take is refused, and said of what."""
    with pytest.raises(UsageError, match=r"^The name of an event is "):
        checkEvent(name)
    with pytest.raises(UsageError, match=r"^The name of a room is "):
        checkName(name, "a room")


def test_goodNames() -> None:
    """Any other name may be sent, and a room may be named like one of the protocol's own events."""
    for name in ("x", "\U0001f600" * 128, "socket", "Socket.open"):
        checkEvent(name)
    checkName("socket.open", "room")


def test_reservedNames() -> None:
    """The protocol's own events can't be sent by an application."""
    with pytest.raises(UsageError, match=r"'socket\.auth\.success' is one of the protocol's own events"):
        checkEvent("socket.auth.success")
