"""
Grace for what was lost.
"""

import pytest
from twisted.internet.task import Clock

from ratchet_tx.grace import Grace


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def missed() -> list[str]:
    return []


@pytest.fixture
def grace(missed: list[str]) -> Grace[str]:
    return Grace(missed.append)


def test_missed(clock: Clock, grace: Grace[str], missed: list[str]) -> None:
    """What was lost is missed after its time, each at its own, by one timer."""
    grace.add("a", 5, clock)
    clock.advance(3)
    grace.add("b", 5, clock)
    assert len(clock.getDelayedCalls()) == 1
    clock.advance(1.9)
    assert ("a" in grace, missed) == (True, [])
    clock.advance(0.1)
    assert ("a" in grace, "b" in grace, missed) == (False, True, ["a"])
    clock.advance(3)
    assert (missed, clock.getDelayedCalls()) == (["a", "b"], [])


def test_back(clock: Clock, grace: Grace[str], missed: list[str]) -> None:
    """What is back in time isn't missed, and nothing is left of it."""
    grace.add("a", 5, clock)
    grace.add("b", 5, clock)
    grace.discard("a")
    clock.advance(4)
    grace.discard("b")
    grace.discard("unknown")
    assert clock.getDelayedCalls() == []
    clock.advance(10)
    assert missed == []


def test_theFirstIsBack(clock: Clock, grace: Grace[str], missed: list[str]) -> None:
    """Where the first is back, the next is missed at its own time."""
    grace.add("a", 5, clock)
    clock.advance(2)
    grace.add("b", 5, clock)
    grace.discard("a")
    clock.advance(4.9)
    assert missed == []
    clock.advance(0.1)
    assert missed == ["b"]


def test_lostWhileMissing(clock: Clock) -> None:
    """Something may be lost because another is missed."""
    missed: list[str] = []

    def miss(lost: str) -> None:
        missed.append(lost)
        if lost == "a":
            grace.add("b", 5, clock)

    grace = Grace(miss)
    grace.add("a", 5, clock)
    clock.advance(5)
    clock.advance(5)
    assert (missed, clock.getDelayedCalls()) == (["a", "b"], [])


def test_stop(clock: Clock, grace: Grace[str], missed: list[str]) -> None:
    """Who stops misses nothing any more."""
    grace.stop()
    grace.add("a", 5, clock)
    grace.stop()
    clock.advance(10)
    assert (missed, clock.getDelayedCalls()) == ([], [])
