"""
What stands in the place of parts of Autobahn's.
"""

from twisted.internet.task import Clock

from ratchet_tx.standins import Quiet, Timer
from tests.fakes import logged


def test_quiet() -> None:
    """What Autobahn logs as an error is logged; all else of its words is dropped."""
    log = Quiet()
    with logged() as lines:
        for level in (log.trace, log.debug, log.info, log.warn):
            level("sesame {why}", why="so")
        log.error("It broke: {why}", why="so")
        log.critical("It broke badly")
    assert lines == ["It broke: so", "It broke badly"]


def test_timer() -> None:
    """Time is the given reactor's, to the fraction of a second, and what was to be called can be called off."""
    clock, called = Clock(), []
    timer = Timer(clock)
    timer.call_later(0.5, called.append, 1)
    timer.call_later(0.5, called.append, 2).cancel()
    clock.advance(0.4)
    assert called == []
    clock.advance(0.1)
    assert called == [1]
