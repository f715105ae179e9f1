"""
The messages that nodes send each other.
"""

from typing import Any

import msgspec
import pytest

from ratchet_tx.backplane.messages import Absent, Deliver, Disconnect, Keep, Leave, Message, Present
from ratchet_tx.wire.encoding import encodeData

MESSAGES = [
    Deliver("chat.message", encodeData("chat.message", {"text": "sesame"}), room="lobby", without="c-1"),
    Deliver("news", encodeData("news", None), client="ada"),
    Deliver("news", encodeData("news", 1), room="news", keep=Keep(10, 60)),
    Deliver("news", encodeData("news", 1), room="news", offset=7),
    Disconnect("ada", 4503),
    Leave("ada", "lobby"),
    Present("n-1", "lobby", "c-1", "ada", encodeData("x", {"status": "sesame"}), lost=True),
    Absent("n-1", "lobby", "c-1"),
]


@pytest.mark.parametrize("message", MESSAGES)
def test_travelling(message: Message) -> None:
    """A message arrives on another node as it was, its event's data unchanged."""
    received = msgspec.json.decode(msgspec.json.encode(message), type=Message)
    assert received == message
    if isinstance(message, Deliver):
        assert bytes(received.data) == bytes(message.data)


def test_forEverybody() -> None:
    """An event without a room or a client is for everyone."""
    message = Deliver("news", encodeData("news", 1))
    assert (message.room, message.client, message.without) == (None, None, None)


@pytest.mark.parametrize("message", MESSAGES)
def test_frozen(message: Any) -> None:
    """A published message can't be changed, for other nodes may still read it."""
    with pytest.raises(AttributeError):
        message.client = "bob"


def test_reprShowsNoData() -> None:
    """A message's repr doesn't show the event's data."""
    assert "sesame" not in repr(MESSAGES)
    assert "chat.message" in repr(MESSAGES[0])
