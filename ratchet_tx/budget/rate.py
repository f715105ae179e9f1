"""
How much a peer has asked of us, against how much it may; it knows what time it is only by being told, and closes nobody.
"""

from math import inf
from typing import Protocol

#: How many bytes, and how many fragments, cost a token more.
PRICED_BYTES = 4096
PRICED_FRAGMENTS = 16


class Bucket(Protocol):
    """
    Whose rate is kept.

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
    @ivar slack: a bucket that will be full within so many seconds has a token at least
    """

    __slots__ = ("_burst", "_interval", "_whole", "slack")

    def __init__(self, perSecond: float, burst: int) -> None:
        limited = perSecond > 0 and burst > 0
        self._interval = 1 / perSecond if limited else 0.0
        self._burst = burst if limited else 0
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
        return price if price < self._burst else self._burst or 1

    def has(self, bucket: Bucket, price: int, now: float) -> bool:
        """
        Say whether a bucket has so many tokens.
        """
        return self._interval == 0 or bucket.fullAt <= now + self._whole - price * self._interval

    def spend(self, bucket: Bucket, now: float, price: int = 1) -> float:
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


class Strikes:
    """
    How often a peer was refused without a second in between that was free of it.
    """

    __slots__ = ("_count", "_last")

    def __init__(self) -> None:
        self._count = 0
        self._last = 0.0

    def strike(self, now: float) -> int:
        """
        Count a refusal.

        @return: how many there have been, this one among them
        """
        self._count = self._count + 1 if now - self._last <= 1 else 1
        self._last = now
        return self._count
