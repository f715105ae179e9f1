"""
How much a peer has asked of us, against how much it may; it knows what time it is only by being told, and closes nobody.
"""

from typing import Protocol


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
    """

    __slots__ = ("_interval", "_whole")

    def __init__(self, perSecond: float, burst: int) -> None:
        limited = perSecond > 0 and burst > 0
        self._interval = 1 / perSecond if limited else 0.0
        self._whole = burst * self._interval

    def spend(self, bucket: Bucket, now: float) -> float:
        """
        Take a token out of a bucket, if it has one.

        @return: 0 where it had; else after how many seconds it has
        """
        fullAt = bucket.fullAt
        after = (now if fullAt < now else fullAt) + self._interval
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
