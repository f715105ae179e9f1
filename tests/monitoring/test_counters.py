"""
The counters of a hub.
"""

from typing import Any

import pytest

from ratchet_tx.monitoring.counters import Counters


def test_beginAtZero() -> None:
    """All counters begin at 0."""
    counters = Counters()
    for name in Counters.__slots__:
        value = getattr(counters, name)
        assert (value == 0 and type(value) is int) or value == {}


def test_everyCounterIsExplained() -> None:
    """Each counter is documented."""
    for name in Counters.__slots__:
        assert f"@ivar {name}:" in (Counters.__doc__ or "")


def test_byCode() -> None:
    """Refusals and closes are counted by code; an unused code counts 0."""
    counters = Counters()
    counters.refused["event.unknown"] += 1
    counters.closes[4503] += 2
    assert (counters.refused["event.unknown"], counters.refused["rate.limited"]) == (1, 0)
    assert (counters.closes[4503], counters.closes[1000]) == (2, 0)


def test_unknownCounter() -> None:
    """A misspelled counter is an error."""
    counters: Any = Counters()
    with pytest.raises(AttributeError):
        counters.recieved = 1
