"""
The names of events and rooms that the server uses.
"""

from typing import Any

import pytest

from ratchet_tx.errors import UsageError
from ratchet_tx.wire.names import checkEvent, checkName


@pytest.mark.parametrize("name", ["", "x" * 129, 5, None, b"x"])
def test_badNames(name: Any) -> None:
    """A name that no peer would accept is an error that says what it names."""
    with pytest.raises(UsageError, match=r"^The name of an event is "):
        checkEvent(name)
    with pytest.raises(UsageError, match=r"^The name of a room is "):
        checkName(name, "a room")


def test_goodNames() -> None:
    """Any other name may be sent, and a room's name may begin with C{socket.}."""
    for name in ("x", "\U0001f600" * 128, "socket", "Socket.open"):
        checkEvent(name)
    checkName("socket.open", "room")


def test_reservedNames() -> None:
    """An application can't send C{socket.*} events."""
    with pytest.raises(UsageError, match=r"'socket\.auth\.success' is one of the protocol's own events"):
        checkEvent("socket.auth.success")
