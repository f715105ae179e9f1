"""
The bytes that wait for a peer.
"""

from hypothesis import given
from hypothesis import strategies as st

from ratchet_tx.transport.sockets.backlog import PORTION, Backlog
from ratchet_tx.wire.frames import Spare
from tests.kit.examples import examples

TICK, PRICE = Spare("tick", None, False), Spare("price", None, True)


def waiting(limit: int = 10) -> tuple[Backlog, list[Spare]]:
    spared: list[Spare] = []
    return Backlog(limit, spared.append), spared


def test_inOrder() -> None:
    """Waiting pieces are counted, and come out in order."""
    backlog, _ = waiting()
    assert backlog.add(b"a")
    assert backlog.add(b"bb")
    assert backlog.size == 3
    assert backlog.take() == b"abb"
    assert (backlog.size, backlog.take()) == (0, b"")


def test_portions() -> None:
    """Pieces come out in portions of whole pieces."""
    backlog, _ = waiting(0)
    for _ in range(5):
        backlog.add(b"x" * 30_000)
    assert [len(backlog.take()) for _ in range(3)] == [90_000, 60_000, 0]
    assert PORTION == 65_536


def test_tooMuch() -> None:
    """Above the limit the backlog says so; it drops only pieces that are marked as droppable."""
    backlog, spared = waiting()
    assert backlog.add(b"x" * 10)
    assert not backlog.add(b"y")
    assert (backlog.size, spared) == (11, [])
    backlog.clear()
    assert (backlog.size, backlog.take()) == (0, b"")
    assert backlog.add(b"This says why.")


def test_underway() -> None:
    """Bytes that were taken and aren't written yet count as waiting."""
    backlog, _ = waiting()
    backlog.underway = 9
    assert backlog.add(b"a")
    assert not backlog.add(b"b")


def test_spare() -> None:
    """Above the limit, droppable pieces are dropped."""
    backlog, spared = waiting()
    for data, spare in ((b"t" * 4, TICK), (b"p" * 2, PRICE), (b"t" * 4, TICK)):
        assert backlog.add(data, spare)
    assert backlog.add(b"news")
    assert spared == [TICK, TICK]
    assert backlog.take() == b"ppnews"


def test_latest() -> None:
    """A piece marked as latest replaces an earlier one of the same event and room at once."""
    gold, silver = Spare("price", "gold", True), Spare("price", "silver", True)
    backlog, spared = waiting()
    for data, spare in ((b"1", gold), (b"2", silver), (b"3", None), (b"4", gold), (b"5", gold)):
        assert backlog.add(data, spare)
    assert spared == [gold, gold]
    assert backlog.take() == b"235"


@examples(200)
@given(st.lists(st.one_of(st.integers(1, 9), st.none())))
def test_counted(steps: list[int | None]) -> None:
    """The count is what went in minus what came out."""
    backlog, _ = waiting(0)
    came = went = b""
    for number, step in enumerate(steps):
        if step is None:
            went += backlog.take()
        else:
            data = bytes([number % 256]) * step
            backlog.add(data)
            came += data
        assert backlog.size == len(came) - len(went)
    assert came == went + backlog.take()
