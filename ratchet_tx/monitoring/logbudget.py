"""
Decides which lines about peers the log has room for: so many bytes at once and over time, for each address and for all.

Peers who connect again and again, or have handlers fail 50 times a second, would otherwise fill the disk.
"""

from heapq import nlargest
from typing import NamedTuple

from ratchet_tx.budget.allowance import Bucket
from ratchet_tx.budget.rate import Rate
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


class _Address(Bucket):
    """
    The bucket of an address.

    @ivar asked: another one, out of which everything is taken that it would log, had it room for that or not
    """

    __slots__ = ("asked",)

    def __init__(self) -> None:
        super().__init__()
        self.asked = Bucket()


class LogBudget:
    """
    The bytes that the log has room for.

    @param perMinute: how many peers may cause in any minute, with the lines that say what was left out
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
        Say whether there are so many bytes, as L{take} would find.
        """
        bucket = self._byAddress.get(counted(address))
        isThere = bucket is None or _hasRoom(self._rateOfEach, bucket, size, now, reserve)
        return isThere and _hasRoom(self._rate, self._all, size, now, reserve)

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


def _hasRoom(rate: Rate, bucket: Bucket, size: int, now: float, reserve: float) -> bool:
    """
    Say whether a bucket has so many bytes.  What is larger than a bucket is let in by a full one, which owes the rest.

    @param reserve: which part of it isn't to be touched
    """
    return rate.has(bucket, min(size + reserve * rate.burst, rate.burst), now)
