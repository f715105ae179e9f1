"""
Token buckets: how much somebody may take in a second, and at once.  Only the caller knows what time it is.
"""

from math import inf
from typing import Protocol

#: How many bytes, and how many fragments, cost a token more.
PRICED_BYTES = 4096
PRICED_FRAGMENTS = 16


class HasBucket(Protocol):
    """
    Whose rate is kept: a L{Bucket<ratchet_tx.budget.allowance.Bucket>}, or what has one number more.

    @ivar fullAt: when its bucket would be full again
    """

    fullAt: float


class Rate:
    """
    So many a second, and so many at once: a token bucket, which is kept by one number for each peer.

    The number is the time at which the peer's bucket would be full again (the generic cell rate algorithm): an event moves
    it on, and it may not be further away than an empty bucket takes to fill.

    @param perSecond: how many tokens come in a second; 0 for no limit
    @param burst: how many tokens a full bucket has; 0 for no limit
    @ivar burst: the same
    @ivar slack: a bucket that will be full within so many seconds has a token at least
    """

    __slots__ = ("_dearest", "_interval", "_whole", "burst", "slack")

    def __init__(self, perSecond: float, burst: float) -> None:
        limited = perSecond > 0 and burst > 0
        self._interval = 1 / perSecond if limited else 0.0
        self.burst = burst
        self._dearest = int(burst) if limited else 0
        self._whole = burst * self._interval
        # Less than what spend() grants, so that it never refuses who has this.
        self.slack = self._whole - self._interval if limited else inf

    def price(self, size: int, fragments: int = 0) -> int:
        """
        Say what an event costs, in tokens (PROTOCOL, Replies): one, and more where it is long or in many pieces.

        @param size: how many bytes it has
        @param fragments: in how many frames it came, where it was in several
        """
        price = 1 + size // PRICED_BYTES + fragments // PRICED_FRAGMENTS
        return price if price < self._dearest else self._dearest or 1

    def has(self, bucket: HasBucket, price: float, now: float) -> bool:
        """
        Say whether a bucket has so many tokens.
        """
        # Added up as slack is, so that both say the same.
        return self._interval == 0 or bucket.fullAt <= now + (self._whole - price * self._interval)

    def spend(self, bucket: HasBucket, now: float, price: int = 1) -> float:
        """
        Take some tokens out of a bucket, if it has so many.

        @return: 0 where it had; else after how many seconds it has
        """
        fullAt = bucket.fullAt
        after = (now if fullAt < now else fullAt) + price * self._interval
        lacking = after - now - self._whole
        # A token's hundredth, because times are large numbers and don't add up exactly.
        if lacking > 0.01 * self._interval:
            return lacking
        bucket.fullAt = after
        return 0

    def take(self, bucket: HasBucket, now: float, price: float = 1) -> float:
        """
        Take some tokens out of a bucket, if it has so many or not; it then owes the rest.

        @return: after how many seconds it owes nothing any more; 0 or less where it doesn't
        """
        bucket.fullAt = max(bucket.fullAt, now) + price * self._interval
        return bucket.fullAt - now - self._whole

    def drain(self, bucket: HasBucket, now: float, price: float) -> None:
        """
        Take some tokens out of a bucket, or all that it has.
        """
        if self.take(bucket, now, price) > 0:
            bucket.fullAt = now + self._whole

    def giveBack(self, bucket: HasBucket) -> None:
        """
        Put a token back that was taken.
        """
        bucket.fullAt -= self._interval
