"""
One life of a room.
"""

import msgspec
import pytest

from ratchet_tx.backplane.lives import Life
from ratchet_tx.backplane.messages import Keep
from ratchet_tx.backplane.past import Position


def live(size: int, published: int) -> Life:
    life = Life("e", Keep(size, 10))
    for number in range(published):
        life.ends = number + 10.0
        life.append("item", msgspec.Raw(b"%d" % number))
        life.forget(number)
    return life


def offsets(life: Life, since: Position | None, limit: int) -> list[int]:
    return [event.offset for event in life.read(since, limit)]


@pytest.mark.parametrize("published", [0, 1, 50, 99, 1000])
def test_read(published: int) -> None:
    """However much was forgotten before, one reads from any position what a list of it all would say."""
    life = live(100, published)
    remembered = list(range(1, published + 1))[-10:]
    assert (len(life), life.position) == (len(remembered), ("e", published))
    for since in (0, published - 20, published - 3, published, published + 1, 2**53 - 1):
        for limit in (0, 1, 7, 100):
            expected = [number for number in remembered if number > since][:limit]
            assert offsets(life, Position("e", max(since, 0)), limit) == expected
    assert offsets(life, Position("other", published), 100) == offsets(life, None, 100) == remembered


def test_bytes() -> None:
    """What is forgotten is counted as it was when it came, whether one by one or all at once."""
    life = live(5, 20)
    before = life.bytes
    assert life.forgetFirst() + life.bytes == before
    left = life.bytes
    assert life.forgetAll() == left
    assert (life.bytes, len(life), life.position) == (0, 0, ("e", 20))
    assert life.forget(1000) == 0
