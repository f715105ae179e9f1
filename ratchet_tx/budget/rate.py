"""
Token buckets: a rate per second, and a burst.  The caller tells it the time.
"""

from math import inf
from typing import Protocol

#: How many bytes, and how many fragments, cost a token more.
PRICED_BYTES = 4096
PRICED_FRAGMENTS = 16


class HasBucket(Protocol):
    """
    A L{Bucket<ratchet_tx.budget.allowance.Bucket>}, or another object with its attribute.

    @ivar fullAt: when the bucket will be full again
    """

    fullAt: float


class Rate:
    """
    The rate and the burst of token buckets; each bucket is one number.

    The number is the time when the bucket will be full again (the generic cell rate algorithm). Each token that is taken
    moves it into the future, at most by the time in which an empty bucket fills.

    @param perSecond: how many tokens come in a second; 0 for no limit
    @param burst: how many tokens a full bucket has; 0 for no limit
    @ivar burst: the same
    @ivar slack: a bucket that will be full within so many seconds has at least one token
    """

    __slots__ = ("_dearest", "_interval", "_whole", "burst", "slack")

    def __init__(self, perSecond: float, burst: float) -> None:
        limited = perSecond > 0 and burst > 0
        self._interval = 1 / perSecond if limited else 0.0
        self.burst = burst
        self._dearest = int(burst) if limited else 0
        self._whole = burst * self._interval
        # Less than spend() allows, so that spend() never refuses such a bucket.
        self.slack = self._whole - self._interval if limited else inf

    def price(self, size: int, fragments: int = 0) -> int:
        """
        Compute the price of an event in tokens (PROTOCOL, Replies): one, and more if it is long or in many fragments.

        @param size: how many bytes it has
        @param fragments: how many frames it came in, if several
        """
        price = 1 + size // PRICED_BYTES + fragments // PRICED_FRAGMENTS
        return price if price < self._dearest else self._dearest or 1

    def has(self, bucket: HasBucket, price: float, now: float) -> bool:
        """
        Say whether a bucket has enough tokens.
        """
        # Added up as slack is, so that both say the same.
        return self._interval == 0 or bucket.fullAt <= now + (self._whole - price * self._interval)

    def spend(self, bucket: HasBucket, now: float, price: int = 1) -> float:
        """
        Take tokens out of a bucket, if it has enough.

        @return: 0 if it had enough; else after how many seconds it will
        """
        fullAt = bucket.fullAt
        after = (now if fullAt < now else fullAt) + price * self._interval
        lacking = after - now - self._whole
        # A hundredth of a token is ignored: times are large floats, and don't add up exactly.
        if lacking > 0.01 * self._interval:
            return lacking
        bucket.fullAt = after
        return 0

    def take(self, bucket: HasBucket, now: float, price: float = 1) -> float:
        """
        Take tokens out of a bucket, even if it has too few; it then owes the rest.

        @return: after how many seconds it owes nothing; 0 or less if it doesn't owe
        """
        bucket.fullAt = max(bucket.fullAt, now) + price * self._interval
        return bucket.fullAt - now - self._whole

    def drain(self, bucket: HasBucket, now: float, price: float) -> None:
        """
        Take tokens out of a bucket, or all that it has.
        """
        if self.take(bucket, now, price) > 0:
            bucket.fullAt = now + self._whole

    def giveBack(self, bucket: HasBucket) -> None:
        """
        Put one token back.
        """
        bucket.fullAt -= self._interval
