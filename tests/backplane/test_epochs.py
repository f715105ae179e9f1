"""
The names of rooms' lives.
"""

from ratchet_tx.backplane.epochs import Epochs

ROOMS = [f"room-{number}" for number in range(1000)] + ["", "\udcff", "Räume", "x" * 128]


def test_theSame() -> None:
    """A room's next life has the same epoch whenever one asks; each room has its own."""
    epochs = Epochs()
    first = [epochs.next(room) for room in ROOMS]
    assert [epochs.next(room) for room in ROOMS] == first
    assert len(set(first)) == len(ROOMS)


def test_afterAnEnd() -> None:
    """After the end of a life the room's next one has an epoch that none had before."""
    epochs = Epochs()
    seen = set()
    for _ in range(1000):
        seen.add(epochs.next("news"))
        epochs.end("news")
    assert len(seen) == 1000


def test_anotherProcess() -> None:
    """Nobody else's epochs are the same, so what was told before a restart counts nowhere after it."""
    assert Epochs().next("news") != Epochs().next("news")
