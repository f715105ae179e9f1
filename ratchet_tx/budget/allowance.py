"""
What one peer has used of a L{Rate<ratchet_tx.budget.rate.Rate>}: its bucket, and its strikes.
"""


class Bucket:
    """
    A token bucket; it begins full.

    @ivar fullAt: when it will be full again
    """

    __slots__ = ("fullAt",)

    def __init__(self) -> None:
        self.fullAt = 0.0


class Strikes:
    """
    Counts a peer's refusals; a second without one starts the count again.
    """

    __slots__ = ("_count", "_last")

    def __init__(self) -> None:
        self._count = 0
        self._last = 0.0

    def strike(self, now: float) -> int:
        """
        Count a refusal.

        @return: the count, with this one
        """
        self._count = self._count + 1 if now - self._last <= 1 else 1
        self._last = now
        return self._count
