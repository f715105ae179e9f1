"""
Running the work of a key once.
"""

from typing import Any

from twisted.internet.defer import Deferred

from ratchet_tx.deferreds.once import Once
from tests.kit.fakes import failed, succeeded


class Act:
    """
    Work that counts how often it runs.
    """

    def __init__(self, *results: Any) -> None:
        self.results = list(results)
        self.times = 0

    def __call__(self) -> Any:
        self.times += 1
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result


def test_again() -> None:
    """A repeat of a key doesn't run the work again, and gets the first result, whatever it is."""
    once, act = Once(120, 10), Act(None, "other")
    assert [succeeded(once.do("k", act, now)) for now in (0, 1, 119.9)] == [None] * 3
    assert act.times == 1
    assert succeeded(once.do("l", act, 1)) == "other"


def test_later() -> None:
    """While the work runs, repeats wait for the same result."""
    once = Once(120, 10)
    doing: Deferred[Any] = Deferred()
    act = Act(doing)
    results = [once.do("k", act, 0) for _ in range(3)]
    assert not any(result.called for result in results)
    doing.callback(7)
    assert [succeeded(result) for result in results] == [7] * 3
    assert succeeded(once.do("k", act, 1)) == 7
    assert act.times == 1


def test_failures() -> None:
    """Failed work fails for all that wait, and may be tried again."""
    once = Once(120, 10)
    doing: Deferred[Any] = Deferred()
    act = Act(doing, OSError("again"), "done")
    results = [once.do("k", act, 0), once.do("k", act, 0)]
    doing.errback(OSError("lost"))
    assert [str(failed(result)) for result in results] == ["lost"] * 2
    assert str(failed(once.do("k", act, 0))) == "again"
    assert succeeded(once.do("k", act, 0)) == "done"
    assert act.times == 3


def test_forgotten() -> None:
    """A key is forgotten after its time, and the oldest if there are too many."""
    once = Once(120, 3)
    act = Act(*range(10))
    assert [succeeded(once.do("a", act, now)) for now in (0, 119, 120, 239, 240)] == [0, 0, 1, 1, 2]
    for key in "bcd":
        once.do(key, act, 240)
    assert len(once) == 3
    assert succeeded(once.do("a", act, 240)) == 6
    assert succeeded(once.do("d", act, 240)) == 5


def test_forgottenMeanwhile() -> None:
    """Work that was forgotten while it ran gives its result to those that wait, and doesn't affect later work of the key."""
    once = Once(120, 10)
    doing: Deferred[Any] = Deferred()
    first = once.do("k", Act(doing), 0)
    assert succeeded(once.do("k", Act("second"), 200)) == "second"
    doing.errback(OSError("late"))
    assert str(failed(first)) == "late"
    assert succeeded(once.do("k", Act(), 201)) == "second"
