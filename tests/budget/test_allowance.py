"""
What a peer has used of its rate.
"""

from ratchet_tx.budget.allowance import Bucket, Strikes
from ratchet_tx.budget.rate import Rate

NOW = 1_800_000_000.0


def test_bucket() -> None:
    """A new bucket is full."""
    assert Rate(1, 10).has(Bucket(), 10, NOW)


def test_strikes() -> None:
    """Refusals are counted until a second was free of them."""
    strikes = Strikes()
    assert [strikes.strike(NOW + time) for time in (0, 0.5, 1.5, 2.5, 3.6, 3.6)] == [1, 2, 3, 4, 1, 2]
