"""
Decides which lines about peers the log has room for: so many bytes at once and over time, for each address and for all.

Peers who connect again and again, or have handlers fail 50 times a second, would otherwise fill the disk.
"""

from heapq import nlargest
from typing import NamedTuple

from ratchet_tx.wire.ipaddresses import counted

#: What of a minute's bytes all peers, and those of one address, may cause at once, and how much more of them in a minute.
#: What all may cause leaves a twentieth for the lines that say what was left out.
_AT_ONCE, _AT_ONCE_EACH = 0.25, 0.125
_OVER_TIME, _OVER_TIME_EACH = 0.7, 0.5

#: What part of the room at once is for addresses that want less than half of theirs: a few others can't take it.
_FOR_QUIET = 0.25

#: How many addresses are remembered.  Those beyond share what there is for all.
_MOST = 1024

#: How many addresses are named, of whose lines some were left out, each time that this is told.
NAMED = 16

#: What stands for the addresses that aren't named.
OTHERS = "others"


class LeftOut(NamedTuple):
    """
    What was left out of the log.

    @ivar address: whose it was, as L{counted} says; L{OTHERS} for several that aren't named
    @ivar lines: how many entries
    @ivar since: when the first of them came
    """

    address: str
    lines: int
    since: float


class _Bucket:
    """
    A token bucket of bytes, as in L{ratchet_tx.budget.rate.Rate}: it is kept by the time at which it is full again.
    """

    __slots__ = ("fullAt",)

    def __init__(self) -> None:
        self.fullAt = 0.0


class _Address(_Bucket):
    """
    The bucket of an address.

    @ivar asked: another one, out of which everything is taken that it would log, had it room for that or not
    """

    __slots__ = ("asked",)

    def __init__(self) -> None:
        super().__init__()
        self.asked = _Bucket()


class _Pace:
    """
    How fast buckets fill.

    @param perSecond: how many bytes come in a second
    @param atOnce: how many a full bucket has
    """

    def __init__(self, perSecond: float, atOnce: float) -> None:
        self._perSecond = perSecond
        self._atOnce = atOnce

    def has(self, bucket: _Bucket, size: float, now: float, reserve: float) -> bool:
        """
        Say whether a bucket has so many bytes.  What is larger than a bucket is let in by a full one, which owes the rest.

        @param reserve: which part of it isn't to be touched
        """
        left = self._atOnce - max(0.0, bucket.fullAt - now) * self._perSecond
        return left >= min(size + reserve * self._atOnce, self._atOnce)

    def take(self, bucket: _Bucket, size: float, now: float) -> None:
        """
        Take so many bytes out of a bucket.
        """
        bucket.fullAt = max(bucket.fullAt, now) + size / self._perSecond

    def takeWhatIsThere(self, bucket: _Bucket, size: float, now: float) -> None:
        """
        Take so many bytes out of a bucket, or all that it has.
        """
        self.take(bucket, size, now)
        bucket.fullAt = min(bucket.fullAt, now + self._atOnce / self._perSecond)


class LogBudget:
    """
    The bytes that the log has room for.

    @param perMinute: how many peers may cause in any minute, with the lines that say what was left out
    """

    def __init__(self, perMinute: int) -> None:
        self._pace = _Pace(_OVER_TIME * perMinute / 60, _AT_ONCE * perMinute)
        self._paceOfEach = _Pace(_OVER_TIME_EACH * perMinute / 60, _AT_ONCE_EACH * perMinute)
        self._all = _Bucket()
        self._byAddress: dict[str, _Address] = {}
        self._left: dict[str, LeftOut] = {}
        self._sweptAt = 0.0

    def __len__(self) -> int:
        """
        Say how many addresses are remembered.
        """
        return len(self._byAddress.keys() | self._left.keys())

    def take(self, address: str, size: int, now: float, reserve: float = 0.0) -> bool:
        """
        Take the bytes of an entry, if there are so many.

        @param address: whose doing it is
        @param reserve: which part of what is there at once has to stay for others of its entries
        @return: whether there were
        """
        bucket = self._bucketOf(counted(address), now)
        isQuiet = False
        if bucket is not None:
            self._paceOfEach.takeWhatIsThere(bucket.asked, size, now)
            isQuiet = self._paceOfEach.has(bucket.asked, 0, now, 0.5)
        if not self._pace.has(self._all, size, now, reserve if isQuiet else max(reserve, _FOR_QUIET)):
            return False
        if bucket is not None:
            if not self._paceOfEach.has(bucket, size, now, reserve):
                return False
            self._paceOfEach.take(bucket, size, now)
        self._pace.take(self._all, size, now)
        return True

    def has(self, address: str, size: int, now: float, reserve: float = 0.0) -> bool:
        """
        Say whether there are so many bytes, as L{take} would find.
        """
        bucket = self._byAddress.get(counted(address))
        isThere = bucket is None or self._paceOfEach.has(bucket, size, now, reserve)
        return isThere and self._pace.has(self._all, size, now, reserve)

    def leaveOut(self, address: str, now: float) -> None:
        """
        Count an entry that is left out.
        """
        address = counted(address)
        if address not in self._left and len(self._left) >= _MOST:
            address = OTHERS
        _, lines, since = self._left.get(address, (address, 0, now))
        self._left[address] = LeftOut(address, lines + 1, since)

    def takeLeftOut(self) -> list[LeftOut]:
        """
        Tell what was left out since this was asked before: of the addresses that had most, and of all others in one.
        """
        left, self._left = self._left, {}
        others = left.pop(OTHERS, None)
        named = nlargest(NAMED, left.values(), key=lambda each: each.lines)
        for each in named:
            del left[each.address]
        rest = [*left.values(), *([] if others is None else [others])]
        if rest:
            lines, since = sum(each.lines for each in rest), min(each.since for each in rest)
            named.append(LeftOut(OTHERS, lines, since))
        return named

    def _bucketOf(self, address: str, now: float) -> _Address | None:
        """
        Remember an address; None where there are too many.
        """
        bucket = self._byAddress.get(address)
        if bucket is None:
            if len(self._byAddress) >= _MOST and not self._forget(now):
                return None
            bucket = self._byAddress[address] = _Address()
        return bucket

    def _forget(self, now: float) -> bool:
        """
        Forget the addresses whose buckets are full, once a second at most.

        @return: whether there is room for another
        """
        if now < self._sweptAt + 1:
            return False
        self._sweptAt = now
        self._byAddress = {
            address: bucket for address, bucket in self._byAddress.items() if max(bucket.fullAt, bucket.asked.fullAt) > now
        }
        return len(self._byAddress) < _MOST
