"""
What peers want of rooms, as they say it.
"""

from typing import Any

import pytest

from ratchet_tx.backplane.histories import Position
from ratchet_tx.rooms.requests import PAGE, Page, Since, Subscription, Subscriptions
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.payload import Payload, convertData


def wanted(data: Any, kind: Any) -> Any:
    return convertData(Payload("socket.subscribe", data, id=7), kind).data


def test_subscription() -> None:
    """Somebody wants to be in a room, and may know up to where he was in it before; what else he says is passed over."""
    assert wanted({"room": "news", "unknown": 1}, Subscription) == Subscription("news")
    known = wanted({"room": "news", "recover": {"epoch": "k", "offset": 0}}, Subscription)
    assert known == Subscription("news", Since("k", 0))
    assert known.recover.position == Position("k", 0)


def test_several() -> None:
    """Or he wants to be in several."""
    assert wanted({"rooms": [{"room": "a"}, {"room": "b"}]}, Subscriptions).rooms == (Subscription("a"), Subscription("b"))


def test_page() -> None:
    """Or he wants to read a page, from its beginning and as long as may be unless he says otherwise."""
    assert wanted({"room": "news"}, Page) == Page("news", None, PAGE)
    assert wanted({"room": "news", "since": {"epoch": "k", "offset": 3}, "limit": 5}, Page) == Page("news", Since("k", 3), 5)


def test_fault() -> None:
    """What isn't as it should be is refused with the place of the fault, as the answer to who asked."""
    with pytest.raises(BadPayload) as raised:
        wanted({"rooms": [{"room": "a"}, {"room": "b", "recover": {"epoch": "k", "offset": "3"}}]}, Subscriptions)
    assert (raised.value.id, raised.value.facts) == (7, {"path": "$.data.rooms[1].recover.offset"})
    assert raised.value.message == "Expected `int`, got `str`"
