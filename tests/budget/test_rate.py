"""
Token buckets.
"""

from hypothesis import given
from hypothesis import strategies as st

from ratchet_tx.budget.allowance import Bucket
from ratchet_tx.budget.rate import Rate
from tests.kit.examples import examples

NOW = 1_800_000_000.0


class Peer(Bucket):
    """
    A peer with a bucket.
    """

    def __init__(self, rate: Rate) -> None:
        super().__init__()
        self._rate = rate
        self.after = 0.0

    def spends(self, now: float) -> bool:
        self.after = self._rate.spend(self, now)
        return not self.after


def test_burst() -> None:
    """A burst may come at once, and not one event more."""
    peer = Peer(Rate(50, 100))
    assert [peer.spends(NOW) for _ in range(101)] == [True] * 100 + [False]


def test_after() -> None:
    """A refusal says after how many seconds there are enough tokens, and then there are."""
    peer = Peer(Rate(2, 3))
    for _ in range(3):
        peer.spends(NOW)
    assert not peer.spends(NOW)
    assert abs(peer.after - 0.5) < 1e-3
    assert not peer.spends(NOW + 0.4)
    assert peer.spends(NOW + 0.5)
    assert not peer.spends(NOW + 0.5)


def test_refusalsCostNothing() -> None:
    """A refusal takes no tokens."""
    peer = Peer(Rate(1, 1))
    peer.spends(NOW)
    for _ in range(1000):
        assert not peer.spends(NOW + 0.5)
    assert peer.spends(NOW + 1)


def test_idle() -> None:
    """However long a peer was silent, it may send no more than a burst at once."""
    peer = Peer(Rate(50, 100))
    peer.spends(NOW)
    assert sum(peer.spends(NOW + 86_400) for _ in range(200)) == 100


def test_off() -> None:
    """With 0 for either, there is no limit."""
    for rate in (Rate(0, 100), Rate(50, 0)):
        peer = Peer(rate)
        assert all(peer.spends(NOW) for _ in range(10_000))


@examples(200)
@given(st.integers(1, 100), st.integers(1, 50), st.lists(st.floats(0, 2), max_size=200))
def test_asABucket(perSecond: int, burst: int, waits: list[float]) -> None:
    """It accepts the same events as a token bucket that is filled step by step."""
    peer = Peer(Rate(perSecond, burst))
    tokens, now = float(burst), NOW
    for wait in waits:
        now += wait
        tokens = min(burst, tokens + wait * perSecond)
        passed = peer.spends(now)
        if abs(tokens - 1) > 0.02:
            assert passed is (tokens >= 1)
        if passed:
            tokens -= 1


def test_price() -> None:
    """An event costs one token, and one more for each 4,096 bytes and for each 16 fragments, but no more than a burst."""
    rate = Rate(50, 100)
    assert [rate.price(size) for size in (0, 1, 4095, 4096, 65_536, 10_000_000)] == [1, 1, 1, 2, 17, 100]
    assert [rate.price(0, fragments) for fragments in (1, 15, 16, 1024, 10_000)] == [1, 1, 2, 65, 100]
    assert rate.price(8192, 32) == 5
    assert Rate(0, 100).price(65_536) == Rate(50, 0).price(65_536) == 1


def test_severalTokens() -> None:
    """A price of several tokens is taken in full or not at all, and a whole burst can always be paid in the end."""
    rate = Rate(2, 10)
    peer = Peer(rate)
    assert rate.has(peer, 10, NOW)
    assert rate.spend(peer, NOW, 8) == 0
    assert not rate.has(peer, 3, NOW)
    assert abs(rate.spend(peer, NOW, 3) - 0.5) < 1e-3
    assert rate.spend(peer, NOW, 2) == 0
    assert rate.spend(peer, NOW + 6, 10) == 0
    assert rate.spend(peer, NOW + 6, 0) == 0


@examples(200)
@given(st.integers(1, 100), st.integers(1, 50), st.lists(st.floats(0, 2), max_size=50))
def test_slack(perSecond: int, burst: int, waits: list[float]) -> None:
    """A bucket within C{slack} has a token."""
    rate = Rate(perSecond, burst)
    peer, now = Peer(rate), NOW
    for wait in waits:
        now += wait
        hasSlack = peer.fullAt <= now + rate.slack
        assert rate.has(peer, 1, now) is hasSlack
        assert not hasSlack or peer.spends(now)
    assert Rate(0, 1).slack > 1e9


def test_take() -> None:
    """C{take} may leave a debt, and says for how long; a token that is given back can be spent again."""
    rate, bucket = Rate(2, 3), Bucket()
    assert [rate.take(bucket, NOW) for _ in range(4)] == [-1, -0.5, 0, 0.5]
    assert not rate.has(bucket, 1, NOW + 0.5)
    assert rate.has(bucket, 1, NOW + 1)
    rate.giveBack(bucket)
    assert rate.has(bucket, 1, NOW + 0.5)
    assert rate.take(bucket, NOW + 1000, 0) == -1.5


def test_drain() -> None:
    """C{drain} takes all that there is, and leaves no debt."""
    rate, bucket = Rate(2, 3), Bucket()
    rate.drain(bucket, NOW, 1)
    assert rate.has(bucket, 2, NOW)
    rate.drain(bucket, NOW, 1000)
    assert not rate.has(bucket, 1, NOW)
    assert rate.has(bucket, 1, NOW + 0.5)
