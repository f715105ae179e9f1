"""
How much of the past goes into one reply.
"""

import pytest
from msgspec import Raw

from ratchet_tx.backplane.historyevents import HistoryEvent
from ratchet_tx.rooms.replay import Replay, bytesFor


def events(*sizes: int) -> list[HistoryEvent]:
    made = [HistoryEvent("x", Raw(b"1" * (size - 41)), number) for number, size in enumerate(sizes, 1)]
    assert [event.size for event in made] == list(sizes)
    return made


def test_fitsAlone() -> None:
    """A reply could have what is within both limits, whatever else it has in the end; 0 is no limit."""
    for limits in ((100, 0), (0, 100), (100, 200), (200, 100)):
        assert Replay(*limits).fitsAlone(events(50, 50))
        assert not Replay(*limits).fitsAlone(events(50, 51))
    assert Replay(0, 0).fitsAlone(events(10_000_000))


@pytest.mark.parametrize(("limits", "most"), [((0, 0), 1000), ((420, 0), 11), ((0, 420), 11), ((420, 84), 3), ((1, 0), 1)])
def test_mostEvents(limits: tuple[int, int], most: int) -> None:
    """No more events are read than a reply could have, were they the shortest, and one more, which says that it can't."""
    replay = Replay(*limits)
    assert replay.mostEvents(1000) == most
    assert replay.mostEvents(0) == 0
    shortest = [HistoryEvent("x", Raw(b"1"), number) for number in range(1, most + 1)]
    assert limits == (0, 0) or not replay.fitsAlone(shortest)
    assert replay.fitsAlone(shortest[:-1])


@pytest.mark.parametrize(("waiting", "room"), [(0, 100), (1, 74), (75, 0), (90, -15)])
def test_bytesFor(waiting: int, room: int) -> None:
    """Where something waits already, a quarter of the queue is left to what comes after the past."""
    assert bytesFor(100, waiting) == room


def test_take() -> None:
    """All of a room's events are taken, or none; what waits for the peer takes from the room for them."""
    replay = Replay(0, 400)
    replay.begin(100)
    assert [replay.take(events(size)) for size in (120, 100, 80, 41)] == [True, False, True, False]


@pytest.mark.parametrize(
    ("limits", "waiting", "taken"),
    [
        ((0, 0), 0, 4),
        ((150, 0), 0, 3),
        ((0, 150), 0, 3),
        ((0, 150), 60, 1),
        ((100, 500), 0, 2),
        ((40, 0), 0, 0),
        ((0, 50), 60, 0),
    ],
)
def test_takeNewest(limits: tuple[int, int], waiting: int, taken: int) -> None:
    """Of a room's last events the newest are taken that there is room for; an older one never in place of a newer."""
    last = events(41, 50, 50, 50)
    replay = Replay(*limits)
    replay.begin(waiting)
    assert replay.takeNewest(last) == last[len(last) - taken :]


def test_rest() -> None:
    """What some rooms take others don't have."""
    replay = Replay(0, 200)
    replay.begin(0)
    assert len(replay.takeNewest(events(50, 50, 50))) == 3
    assert len(replay.takeNewest(events(50, 50, 50))) == 1
    assert not replay.take(events(41))
    assert replay.take([])
    assert list(replay.takeNewest([])) == []
