"""
Events in a room's history: whether they are complete, and their size.
"""

import msgspec
import pytest

from ratchet_tx.backplane.historyevents import HistoryEvent, Position, isAll, sizeOf


class TestIsAll:
    def events(self, *offsets: int) -> list[HistoryEvent]:
        return [HistoryEvent("item", msgspec.Raw(b"1"), offset) for offset in offsets]

    def test_all(self) -> None:
        """Events are complete where they go from one position to the other without a gap."""
        assert isAll(self.events(3, 4), Position("e", 2), Position("e", 4))
        assert isAll([], Position("e", 4), Position("e", 4))

    def test_farApart(self) -> None:
        """Positions that are far apart cost no more time than the events between them."""
        first, last = Position("e", 0), Position("e", 2**53 - 1)
        assert not isAll([], first, last)
        assert not isAll(self.events(*range(2**53 - 100, 2**53)), first, last)
        assert isAll(self.events(*range(2**53 - 99, 2**53)), Position("e", 2**53 - 100), last)

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
        """They are not where one is missing, where the epoch is another, or where the position is in the future."""
        assert not isAll(self.events(*offsets), since, Position("e", 4))


def test_size() -> None:
    """The size of events is about what they have on the wire, tiny or large."""
    events = [HistoryEvent("ü", msgspec.Raw(b'"ab"'), 1000), HistoryEvent("x" * 128, msgspec.Raw(b"1" * 5000), 2**53 - 1)]
    for some in (events[:1] * 500, events[1:] * 3, events, []):
        assert sizeOf(some) == pytest.approx(len(msgspec.json.encode(some)), rel=0.2, abs=2)


def test_theSizeIsKept() -> None:
    """An event keeps its size, which isn't sent and doesn't count in comparisons."""
    event = HistoryEvent("item", msgspec.Raw(b"[1,2]"), 7)
    assert event.size == sizeOf([event]) > 0
    assert msgspec.json.encode(event) == b'{"event":"item","data":[1,2],"offset":7}'
    assert event == HistoryEvent("item", msgspec.Raw(b"[1,2]"), 7)
