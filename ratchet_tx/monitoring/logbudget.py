"""
Limits the bytes of log lines that peers cause: per address and for all of them, in a burst and over time.

Without it peers that reconnect, or make handlers fail, 50 times a second would fill the disk.
"""

from heapq import nlargest
from typing import NamedTuple

from ratchet_tx.budget.allowance import Bucket
from ratchet_tx.budget.rate import Rate
from ratchet_tx.wire.ipaddresses import subscriberOf

#: Shares of C{perMinute}: the burst, and the rate per minute, of all peers and of each address.
#: The shares of all peers leave a twentieth for the lines that say what was left out.
_AT_ONCE, _AT_ONCE_EACH = 0.25, 0.125
_OVER_TIME, _OVER_TIME_EACH = 0.7, 0.5

#: The share of the burst that is reserved for quiet addresses, which use less than half of their own.
_FOR_QUIET = 0.25

#: How many addresses have a bucket of their own. Further ones share the bucket of all.
_MOST = 1024

#: How many addresses with left out lines are reported by name; the rest are summed up.
NAMED = 16

#: Stands for the addresses that aren't named.
OTHERS = "others"


class LeftOut(NamedTuple):
    """
    The log entries of one address that were left out.

    @ivar address: the address, as L{subscriberOf} says; L{OTHERS} for all that aren't named
    @ivar lines: how many entries
    @ivar since: when the first one was left out
    """

    address: str
    lines: int
    since: float


class _Address(Bucket):
    """
    The bucket of an address.

    @ivar asked: a second bucket, which pays for every entry, whether or not the log has room for it: it says how quiet the
        address is
    """

    __slots__ = ("asked",)

    def __init__(self) -> None:
        super().__init__()
        self.asked = Bucket()


class LogBudget:
    """
    The bytes that peers may add to the log.

    @param perMinute: how many bytes in any minute, including the lines that say what was left out
    """

    def __init__(self, perMinute: int) -> None:
        self._rate = Rate(_OVER_TIME * perMinute / 60, _AT_ONCE * perMinute)
        self._rateOfEach = Rate(_OVER_TIME_EACH * perMinute / 60, _AT_ONCE_EACH * perMinute)
        self._all = Bucket()
        self._byAddress: dict[str, _Address] = {}
        self._left: dict[str, LeftOut] = {}
        self._sweptAt = 0.0

    def __len__(self) -> int:
        """
        Count the addresses that are remembered.
        """
        return len(self._byAddress.keys() | self._left.keys())

    def take(self, address: str, size: int, now: float, reserve: float = 0.0) -> bool:
        """
        Take the bytes of an entry, if enough are left.

        @param address: the address of the peer that caused it
        @param reserve: the share of the address's burst to leave for other entries
        @return: whether enough were left
        """
        bucket = self._bucketOf(subscriberOf(address), now)
        isQuiet = False
        if bucket is not None:
            self._rateOfEach.drain(bucket.asked, now, size)
            isQuiet = _hasRoom(self._rateOfEach, bucket.asked, 0, now, 0.5)
        if not _hasRoom(self._rate, self._all, size, now, reserve if isQuiet else max(reserve, _FOR_QUIET)):
            return False
        if bucket is not None:
            if not _hasRoom(self._rateOfEach, bucket, size, now, reserve):
                return False
            self._rateOfEach.take(bucket, now, size)
        self._rate.take(self._all, now, size)
        return True

    def has(self, address: str, size: int, now: float, reserve: float = 0.0) -> bool:
        """
        Say whether L{take} would find enough bytes.
        """
        bucket = self._byAddress.get(subscriberOf(address))
        isThere = bucket is None or _hasRoom(self._rateOfEach, bucket, size, now, reserve)
        return isThere and _hasRoom(self._rate, self._all, size, now, reserve)

    def leaveOut(self, address: str, now: float) -> None:
        """
        Count an entry that is left out.
        """
        address = subscriberOf(address)
        if address not in self._left and len(self._left) >= _MOST:
            address = OTHERS
        _, lines, since = self._left.get(address, (address, 0, now))
        self._left[address] = LeftOut(address, lines + 1, since)

    def takeLeftOut(self) -> list[LeftOut]:
        """
        Report what was left out since the last call: the addresses with most entries, and all others summed up.
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
        Find or make the bucket of an address; None where there are too many addresses.
        """
        bucket = self._byAddress.get(address)
        if bucket is None:
            if len(self._byAddress) >= _MOST and not self._forget(now):
                return None
            bucket = self._byAddress[address] = _Address()
        return bucket

    def _forget(self, now: float) -> bool:
        """
        Forget the addresses whose buckets are full, at most once a second.

        @return: whether there is room for another address
        """
        if now < self._sweptAt + 1:
            return False
        self._sweptAt = now
        self._byAddress = {
            address: bucket for address, bucket in self._byAddress.items() if max(bucket.fullAt, bucket.asked.fullAt) > now
        }
        return len(self._byAddress) < _MOST


def _hasRoom(rate: Rate, bucket: Bucket, size: int, now: float, reserve: float) -> bool:
    """
    Say whether a bucket has enough bytes. A full bucket has enough for an entry of any size, and then owes the rest.

    @param reserve: the share of its burst to leave
    """
    return rate.has(bucket, min(size + reserve * rate.burst, rate.burst), now)
