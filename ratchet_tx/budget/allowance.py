"""
What one peer has used of its limits: its bucket, its strikes, and its free subscribes.
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


class Allowance(Bucket):
    """
    What one connection has used of its limits.

    @ivar heard: when the peer last sent something
    @ivar free: how many rooms it may still subscribe to at no cost
    """

    __slots__ = ("_badMessages", "_freeAgainAt", "_refusals", "free", "heard")

    def __init__(self, now: float) -> None:
        super().__init__()
        self.heard = now
        self.free = 0
        self._freeAgainAt = 0.0
        # Made at the first refusal: most peers have none.
        self._refusals: Strikes | None = None
        self._badMessages: Strikes | None = None

    def refused(self, now: float) -> int:
        """
        Count an event that was refused because the peer sent too fast.

        @return: how many there have been, without a second free of them
        """
        self._refusals = self._refusals or Strikes()
        return self._refusals.strike(now)

    def sentBad(self, now: float) -> int:
        """
        Count a bad message.

        @return: how many there have been, without a second free of them
        """
        self._badMessages = self._badMessages or Strikes()
        return self._badMessages.strike(now)

    def giveFree(self, count: int, now: float = 0, pause: float = 0) -> None:
        """
        Make the next subscribes free, unless an earlier call's pause hasn't ended.

        @param count: how many
        @param pause: for how many seconds further calls do nothing
        """
        if now >= self._freeAgainAt:
            self._freeAgainAt = now + pause
            self.free = count

    def takeFree(self, count: int) -> int:
        """
        Use up free subscribes.

        @param count: how many are wanted
        @return: how many of them are free
        """
        taken = min(count, self.free)
        self.free -= taken
        return taken
