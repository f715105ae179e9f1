"""
One room's history.
"""

import msgspec
import pytest

from ratchet_tx.backplane.historyevents import Position
from ratchet_tx.backplane.messages import Keep
from ratchet_tx.backplane.roomhistory import RoomHistory


def publish(size: int, published: int) -> RoomHistory:
    history = RoomHistory("e", Keep(size, 10))
    for number in range(published):
        history.ends = number + 10.0
        history.append("item", msgspec.Raw(b"%d" % number))
        history.forget(number)
    return history


def offsets(history: RoomHistory, since: Position | None, limit: int) -> list[int]:
    return [event.offset for event in history.read(since, limit)]


@pytest.mark.parametrize("published", [0, 1, 50, 99, 1000])
def test_read(published: int) -> None:
    """However much was forgotten before, reading from any position gives what a plain list would give."""
    history = publish(100, published)
    remembered = list(range(1, published + 1))[-10:]
    assert (len(history), history.position) == (len(remembered), ("e", published))
    for since in (0, published - 20, published - 3, published, published + 1, 2**53 - 1):
        for limit in (0, 1, 7, 100):
            expected = [number for number in remembered if number > since][:limit]
            assert offsets(history, Position("e", max(since, 0)), limit) == expected
    assert offsets(history, Position("other", published), 100) == offsets(history, None, 100) == remembered


def test_bytes() -> None:
    """Forgetting events gives their bytes back, one by one or all at once."""
    history = publish(5, 20)
    before = history.bytes
    assert history.forgetFirst() + history.bytes == before
    left = history.bytes
    assert history.forgetAll() == left
    assert (history.bytes, len(history), history.position) == (0, 0, ("e", 20))
    assert history.forget(1000) == 0
