"""
Runs the work of a key once; further calls with the key get the first one's result.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.python.failure import Failure

from ratchet_tx.errors import PeerError

#: About how many bytes a key takes besides its own text and its result.
EACH_BYTES = 400


class _Entry:
    """
    The work of one key.

    @ivar begun: when it began, in seconds
    @ivar waiting: the Deferreds that wait for the result, in order; None once it is done
    @ivar result: the result, once it is done
    @ivar size: how many bytes the result takes; 0 if it was dropped
    """

    __slots__ = ("begun", "result", "size", "waiting")

    def __init__(self, begun: float) -> None:
        self.begun = begun
        self.waiting: dict[Deferred[Any], None] | None = {}
        self.result: Any = None
        self.size = 0


class Once:
    """
    Remembers the results of keys for some time.

    Failed work isn't remembered, so it can be tried again. Unfinished work is forgotten by age only, so that other keys
    can't make the same work run twice at a time.

    @param seconds: how long a key is remembered
    @param most: how many keys are remembered; beyond that the oldest finished one is forgotten
    @param mostBytes: how many bytes all results may take; 0 for any number. Beyond that the oldest results are dropped, and
        their keys stay
    @param sizeOf: tells how many bytes a result takes
    @param dropped: stands for a dropped result
    @param changed: called with each change of L{size}
    @ivar size: about how many bytes all keys and results take
    """

    def __init__(
        self,
        seconds: float,
        most: int,
        mostBytes: int = 0,
        sizeOf: Callable[[Any], int] = lambda _: 0,
        dropped: Any = None,
        changed: Callable[[int], Any] = lambda by: None,
    ) -> None:
        self._changed = changed
        self._seconds = seconds
        self._most = most
        self._mostBytes = mostBytes
        self._sizeOf = sizeOf
        self._dropped = dropped
        self._byKey: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._resultBytes = 0

    def __len__(self) -> int:
        return len(self._byKey)

    @property
    def size(self) -> int:
        return self._resultBytes + EACH_BYTES * len(self._byKey)

    def do(self, key: Hashable, act: Callable[[], Any], now: float) -> Deferred[Any]:
        """
        Run the work of a key, unless it has run or is running.

        @param act: runs the work, and gives the result
        @param now: the time, in seconds
        @return: a Deferred of the result. It fails as the work does, and with a L{PeerError} C{rate.limited} if so many
            other keys are unfinished that this one can't be remembered
        """
        self._forgetOld(now)
        already = self._byKey.get(key)
        if already is not None:
            return self._resultOf(already)
        if len(self._byKey) >= self._most and not self._forgetOneDone():
            return fail(PeerError("rate.limited", "Too many keys are being handled", retry=True, after=1))
        entry = self._byKey[key] = _Entry(now)
        self._changed(EACH_BYTES)
        result = self._resultOf(entry)
        maybeDeferred(act).addBoth(self._done, key, entry)
        return result

    def _forgetOld(self, now: float) -> None:
        # The entries are in the order in which they were begun.
        while self._byKey and next(iter(self._byKey.values())).begun + self._seconds <= now:
            self._forget(next(iter(self._byKey)))

    def _forgetOneDone(self) -> bool:
        oldest = next((key for key, entry in self._byKey.items() if entry.waiting is None), None)
        if oldest is None:
            return False
        self._forget(oldest)
        return True

    def _forget(self, key: Hashable) -> None:
        size = self._byKey.pop(key).size
        self._resultBytes -= size
        self._changed(-EACH_BYTES - size)

    def forgetAll(self) -> None:
        """
        Forget every key; unfinished work goes on, and its result isn't remembered.
        """
        for key in tuple(self._byKey):
            self._forget(key)

    def _resultOf(self, entry: _Entry) -> Deferred[Any]:
        waiting = entry.waiting
        if waiting is None:
            result: Deferred[Any] = Deferred()
            result.callback(entry.result)
            return result
        # A cancelled wait is forgotten at once.
        result = Deferred(lambda cancelled: waiting.pop(cancelled, None))
        waiting[result] = None
        return result

    def _done(self, result: Any, key: Hashable, entry: _Entry) -> None:
        waiting, entry.waiting, entry.result = entry.waiting or {}, None, result
        if self._byKey.get(key) is entry:
            self._remember(result, key, entry)
        for each in tuple(waiting):
            # A callback may have cancelled another wait.
            if not each.called:
                each.callback(result)

    def _remember(self, result: Any, key: Hashable, entry: _Entry) -> None:
        if isinstance(result, Failure):
            self._forget(key)
            return
        size = self._sizeOf(result)
        if 0 < self._mostBytes < size:
            # It would push out all other results, and still not fit.
            entry.result = self._dropped
            return
        entry.size = size
        self._resultBytes += size
        self._changed(size)
        if 0 < self._mostBytes < self._resultBytes:
            self._dropResults()

    def _dropResults(self) -> None:
        for entry in self._byKey.values():
            if self._resultBytes <= self._mostBytes:
                return
            if entry.size:
                self._resultBytes -= entry.size
                self._changed(-entry.size)
                entry.result, entry.size = self._dropped, 0
