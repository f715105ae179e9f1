"""
Time-outs of many, by one timer.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from ratchet_tx.timeouts import Timeouts
from tests.fakes import logged


class Ending:
    """
    Writes down what ended, and when.
    """

    def __init__(self, seconds: float = 10) -> None:
        self.clock = Clock()
        self.ended: list[tuple[float, Any]] = []
        self.timeouts: Timeouts[Any] = Timeouts(seconds, lambda: self.clock, self._expire)

    def _expire(self, member: Any) -> None:
        self.ended.append((self.clock.seconds(), member))
        if member == "again":
            self.timeouts.start(member)
        if member == "broken":
            raise ValueError("broken")


def test_end() -> None:
    """Each has its time from its own beginning on, and one timer is enough for all."""
    ending = Ending()
    for name in "abc":
        ending.timeouts.start(name)
        ending.clock.advance(2)
    assert len(ending.clock.getDelayedCalls()) == 1
    ending.clock.pump([1] * 20)
    assert ending.ended == [(10, "a"), (12, "b"), (14, "c")]
    assert ending.clock.getDelayedCalls() == []


def test_beginAgain() -> None:
    """What begins again has all its time again."""
    ending = Ending()
    ending.timeouts.start("a")
    ending.timeouts.start("b")
    ending.clock.advance(9)
    ending.timeouts.start("a")
    ending.clock.pump([1] * 20)
    assert ending.ended == [(10, "b"), (19, "a")]


def test_stop() -> None:
    """What is stopped doesn't end, and when nothing is left neither is a timer."""
    ending = Ending()
    ending.timeouts.start("a")
    ending.timeouts.start("b")
    assert "a" in ending.timeouts
    ending.timeouts.stop("a")
    assert "a" not in ending.timeouts
    ending.timeouts.stop("a")
    assert len(ending.timeouts) == 1
    ending.timeouts.stop("b")
    assert ending.clock.getDelayedCalls() == []
    ending.clock.advance(100)
    assert ending.ended == []


def test_fromWithin() -> None:
    """Something may begin again because it has ended."""
    ending = Ending()
    ending.timeouts.start("again")
    ending.clock.pump([10] * 3)
    assert ending.ended == [(10, "again"), (20, "again"), (30, "again")]


def test_failing() -> None:
    """What fails at an end is logged, and stops no other."""
    ending = Ending()
    for name in ("broken", "a"):
        ending.timeouts.start(name)
    with logged() as lines:
        ending.clock.advance(10)
    assert [name for _, name in ending.ended] == ["broken", "a"]
    assert "ValueError: broken" in lines[0]


def test_endless() -> None:
    """Where there is no limit nothing ends, and the clock isn't asked."""
    timeouts: Timeouts[str] = Timeouts(0, lambda: 1 / 0, lambda member: None)  # type: ignore[arg-type, return-value]
    timeouts.start("a")
    assert len(timeouts) == 0


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(["start", "stop", "wait"]), st.integers(0, 5))))
def test_likeOneTimerEach(steps: list[tuple[str, int]]) -> None:
    """It is as if each had a timer of its own."""
    ending = Ending(4)
    begun: dict[int, float] = {}
    expected = []
    now = 0
    for step, number in steps:
        if step == "start":
            ending.timeouts.start(number)
            begun.pop(number, None)
            begun[number] = now
        elif step == "stop":
            ending.timeouts.stop(number)
            begun.pop(number, None)
        else:
            for _ in range(number):
                now += 1
                ending.clock.advance(1)
                over = [each for each, start in begun.items() if start + 4 <= now]
                expected += [(now, each) for each in over]
                for each in over:
                    del begun[each]
    assert ending.ended == expected
    assert set(begun) == {each for each in range(6) if each in ending.timeouts}
