"""
What was published: whether it is everything, and how much.
"""

import msgspec
import pytest

from ratchet_tx.backplane.past import Past, Position, isAll, sizeOf


class TestIsAll:
    def past(self, *offsets: int) -> list[Past]:
        return [Past("item", msgspec.Raw(b"1"), offset) for offset in offsets]

    def test_all(self) -> None:
        """Events are all there are between two positions where they go from the one to the other without a gap."""
        assert isAll(self.past(3, 4), Position("e", 2), Position("e", 4))
        assert isAll([], Position("e", 4), Position("e", 4))

    def test_farApart(self) -> None:
        """Positions that are ever so far apart cost no more than the events that are there."""
        first, last = Position("e", 0), Position("e", 2**53 - 1)
        assert not isAll([], first, last)
        assert not isAll(self.past(*range(2**53 - 100, 2**53)), first, last)
        assert isAll(self.past(*range(2**53 - 99, 2**53)), Position("e", 2**53 - 100), last)

    @pytest.mark.parametrize(
        ("offsets", "since"),
        [
            ((4,), Position("e", 2)),
            ((3,), Position("e", 2)),
            ((), Position("e", 2)),
            ((3, 4), Position("other", 2)),
            ((), Position("e", 5)),
            ((), Position("other", 4)),
        ],
    )
    def test_notAll(self, offsets: tuple[int, ...], since: Position) -> None:
        """They aren't where one is missing, where the epoch is another, or where the position is yet to come."""
        assert not isAll(self.past(*offsets), since, Position("e", 4))


def test_size() -> None:
    """The size of events is about what they have on the wire, were they tiny or large."""
    events = [Past("ü", msgspec.Raw(b'"ab"'), 1000), Past("x" * 128, msgspec.Raw(b"1" * 5000), 2**53 - 1)]
    for some in (events[:1] * 500, events[1:] * 3, events, []):
        assert sizeOf(some) == pytest.approx(len(msgspec.json.encode(some)), rel=0.2, abs=2)


def test_theSizeIsKept() -> None:
    """An event knows its size, of which nothing goes over the wire, and which makes it no other event."""
    event = Past("item", msgspec.Raw(b"[1,2]"), 7)
    assert event.size == sizeOf([event]) > 0
    assert msgspec.json.encode(event) == b'{"event":"item","data":[1,2],"offset":7}'
    assert event == Past("item", msgspec.Raw(b"[1,2]"), 7)
