"""
What is kept for one peer of what it has used of a L{Rate<ratchet_tx.budget.rate.Rate>}: its bucket, and its strikes.
"""


class Bucket:
    """
    A token bucket, which begins full.

    @ivar fullAt: when it is full again
    """

    __slots__ = ("fullAt",)

    def __init__(self) -> None:
        self.fullAt = 0.0


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
