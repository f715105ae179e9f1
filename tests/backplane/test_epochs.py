"""
The epochs of rooms' histories.
"""

from ratchet_tx.backplane.epochs import Epochs

ROOMS = [f"room-{number}" for number in range(1000)] + ["", "\udcff", "Räume", "x" * 128]


def test_theSame() -> None:
    """A room's next epoch is the same whenever one asks; each room has its own."""
    epochs = Epochs()
    first = [epochs.next(room) for room in ROOMS]
    assert [epochs.next(room) for room in ROOMS] == first
    assert len(set(first)) == len(ROOMS)


def test_afterAnEnd() -> None:
    """After the end of a history the room's next one has an epoch that none had before."""
    epochs = Epochs()
    seen = set()
    for _ in range(1000):
        seen.add(epochs.next("news"))
        epochs.end("news")
    assert len(seen) == 1000


def test_anotherProcess() -> None:
    """Another process has other epochs, so no position from before a restart is taken for one after it."""
    assert Epochs().next("news") != Epochs().next("news")
