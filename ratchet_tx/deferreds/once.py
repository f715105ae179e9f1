"""
Runs what is named by a key once: a repeat of the key gets the first one's result.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.python.failure import Failure

from ratchet_tx.errors import PeerError

#: About how many bytes a key takes beside its own text and its result.
EACH_BYTES = 400


class _Doing:
    """
    What is done for one key.

    @ivar begun: when, in seconds
    @ivar waiting: the Deferreds that wait for the result, in order; None once it is there
    @ivar result: the result then
    @ivar size: how many bytes the result takes; 0 where it was dropped
    """

    __slots__ = ("begun", "result", "size", "waiting")

    def __init__(self, begun: float) -> None:
        self.begun = begun
        self.waiting: dict[Deferred[Any], None] | None = {}
        self.result: Any = None
        self.size = 0


class Once:
    """
    What has been done, by its keys, for some time.

    What failed isn't remembered, so that it can be tried again. What is still being done is forgotten by age alone, so
    that no number of other keys lets it be done twice at a time.

    @param seconds: for how long a key is remembered
    @param most: how many of them are; the oldest that is done is forgotten first
    @param mostBytes: how many bytes the results may take together; 0 for any number. Above it the oldest results are
        dropped, and their keys stay
    @param sizeOf: tells how many bytes a result takes
    @param dropped: what stands for a result that was dropped
    @param changed: called with how many bytes more, or less, all of it takes
    @ivar size: how many bytes all keys and results take, about
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
        self._byKey: OrderedDict[Hashable, _Doing] = OrderedDict()
        self._resultBytes = 0

    def __len__(self) -> int:
        return len(self._byKey)

    @property
    def size(self) -> int:
        return self._resultBytes + EACH_BYTES * len(self._byKey)

    def do(self, key: Hashable, act: Callable[[], Any], now: float) -> Deferred[Any]:
        """
        Do something, unless it has been done or is being done.

        @param act: does it, and gives the result
        @param now: the time, in seconds
        @return: a Deferred of the result, which fails as the act does, and with a L{PeerError} of the code
            C{rate.limited} where so many other keys are being done that this one can't be remembered
        """
        self._forgetOld(now)
        already = self._byKey.get(key)
        if already is not None:
            return self._resultOf(already)
        if len(self._byKey) >= self._most and not self._forgetOneDone():
            return fail(PeerError("rate.limited", "Too many keys are being handled", retry=True, after=1))
        doing = self._byKey[key] = _Doing(now)
        self._changed(EACH_BYTES)
        result = self._resultOf(doing)
        maybeDeferred(act).addBoth(self._done, key, doing)
        return result

    def _forgetOld(self, now: float) -> None:
        # They stand in the order in which they were begun.
        while self._byKey and next(iter(self._byKey.values())).begun + self._seconds <= now:
            self._forget(next(iter(self._byKey)))

    def _forgetOneDone(self) -> bool:
        oldest = next((key for key, doing in self._byKey.items() if doing.waiting is None), None)
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
        Forget every key; what is being done goes on, and isn't remembered.
        """
        for key in tuple(self._byKey):
            self._forget(key)

    def _resultOf(self, doing: _Doing) -> Deferred[Any]:
        waiting = doing.waiting
        if waiting is None:
            result: Deferred[Any] = Deferred()
            result.callback(doing.result)
            return result
        # Cancelled, it isn't kept until what it waited for is done.
        result = Deferred(lambda cancelled: waiting.pop(cancelled, None))
        waiting[result] = None
        return result

    def _done(self, result: Any, key: Hashable, doing: _Doing) -> None:
        waiting, doing.waiting, doing.result = doing.waiting or {}, None, result
        if self._byKey.get(key) is doing:
            self._remember(result, key, doing)
        for each in tuple(waiting):
            # One that is told may cancel another.
            if not each.called:
                each.callback(result)

    def _remember(self, result: Any, key: Hashable, doing: _Doing) -> None:
        if isinstance(result, Failure):
            self._forget(key)
            return
        size = self._sizeOf(result)
        if 0 < self._mostBytes < size:
            # It would cost all others theirs, and not be kept either.
            doing.result = self._dropped
            return
        doing.size = size
        self._resultBytes += size
        self._changed(size)
        if 0 < self._mostBytes < self._resultBytes:
            self._dropResults()

    def _dropResults(self) -> None:
        for doing in self._byKey.values():
            if self._resultBytes <= self._mostBytes:
                return
            if doing.size:
                self._resultBytes -= doing.size
                self._changed(-doing.size)
                doing.result, doing.size = self._dropped, 0
