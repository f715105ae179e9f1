"""
What a peer has used of its rate.
"""

from ratchet_tx.budget.allowance import Allowance, Bucket, Strikes
from ratchet_tx.budget.rate import Rate

NOW = 1_800_000_000.0


def test_bucket() -> None:
    """A new bucket is full."""
    assert Rate(1, 10).has(Bucket(), 10, NOW)


def test_strikes() -> None:
    """Refusals are counted until a second was free of them."""
    strikes = Strikes()
    assert [strikes.strike(NOW + time) for time in (0, 0.5, 1.5, 2.5, 3.6, 3.6)] == [1, 2, 3, 4, 1, 2]


class TestAllowance:
    def test_begins(self) -> None:
        """A new connection has a full bucket, was heard when it came, and has no free subscribes."""
        allowance = Allowance(NOW)
        assert Rate(1, 10).has(allowance, 10, NOW)
        assert (allowance.heard, allowance.free) == (NOW, 0)

    def test_refusals(self) -> None:
        """Refused events and bad messages are counted apart, each in a row of its own."""
        allowance = Allowance(NOW)
        assert [allowance.refused(NOW + time) for time in (0, 0.5, 1.5)] == [1, 2, 3]
        assert [allowance.sentBad(NOW + time) for time in (1.5, 2.5)] == [1, 2]
        assert allowance.refused(NOW + 2.5) == 4
        assert (allowance.refused(NOW + 3.6), allowance.sentBad(NOW + 3.6)) == (1, 1)

    def test_free(self) -> None:
        """Free subscribes are taken while there are some, and never more than were given."""
        allowance = Allowance(NOW)
        assert allowance.takeFree(1) == 0
        allowance.giveFree(5)
        assert [allowance.takeFree(count) for count in (2, 0, 4, 1)] == [2, 0, 3, 0]

    def test_freeAgain(self) -> None:
        """They aren't given again within the pause, and are given anew after it; those that are left don't add up."""
        allowance = Allowance(NOW)
        allowance.giveFree(5, NOW, 30)
        allowance.takeFree(3)
        allowance.giveFree(5, NOW + 29.9, 30)
        assert allowance.free == 2
        allowance.giveFree(5, NOW + 30, 30)
        assert allowance.free == 5
        allowance.takeFree(5)
        allowance.giveFree(5, NOW + 31, 30)
        assert allowance.free == 0

    def test_freeWithoutAPause(self) -> None:
        """Where no pause is asked for, they are given each time."""
        allowance = Allowance(NOW)
        for _ in range(2):
            allowance.giveFree(5)
            assert allowance.takeFree(9) == 5
