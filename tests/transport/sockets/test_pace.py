"""
How fast a peer takes what is sent to it.
"""

import pytest

from ratchet_tx.transport.sockets.pace import LEAST_BYTES, PATIENCE_SECONDS, Pace


@pytest.mark.parametrize("rate", [0, 100, LEAST_BYTES - 1])
def test_tooSlow(rate: int) -> None:
    """A peer may be slower than the minimum for a limited time."""
    pace = Pace()
    assert all(pace.went(rate, 1) for _ in range(PATIENCE_SECONDS - 1))
    assert not all(pace.went(rate, 1) for _ in range(PATIENCE_SECONDS * LEAST_BYTES))


def test_steady() -> None:
    """A peer at the minimum pace may go on for ever, also in bursts."""
    pace = Pace()
    assert all(pace.went(LEAST_BYTES, 1) for _ in range(1000))
    assert all(pace.went(8 * LEAST_BYTES if second % 8 == 7 else 0, 1) for second in range(1000))


def test_stops() -> None:
    """A fast peer that stops gets hardly more time than another."""
    pace = Pace()
    assert pace.went(1 << 30, 1)
    assert not all(pace.went(0, 1) for _ in range(2 * PATIENCE_SECONDS))
