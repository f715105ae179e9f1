"""
Doing what is named by a key once: who comes with the key again is given the first one's result; it knows not what is done.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure


class _Doing:
    """
    What is done for one key.

    @ivar begun: when
    @ivar waiting: who waits for the result; None once it is there
    @ivar result: the result then
    """

    __slots__ = ("begun", "result", "waiting")

    def __init__(self, begun: float) -> None:
        self.begun = begun
        self.waiting: list[Deferred[Any]] | None = []
        self.result: Any = None


class Once:
    """
    What has been done, by its keys, for some time.

    What failed isn't remembered, so that it can be tried again.

    @param seconds: for how long a key is remembered
    @param most: how many of them are; the oldest is forgotten first
    """

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds = seconds
        self._most = most
        self._byKey: OrderedDict[Hashable, _Doing] = OrderedDict()

    def __len__(self) -> int:
        return len(self._byKey)

    def do(self, key: Hashable, act: Callable[[], Any], now: float) -> Deferred[Any]:
        """
        Do something, unless it has been done or is being done.

        @param act: does it, and gives the result
        @param now: the time, in seconds
        @return: a Deferred of the result, which fails as the act does
        """
        self._forget(now)
        already = self._byKey.get(key)
        if already is not None:
            return self._resultOf(already)
        doing = self._byKey[key] = _Doing(now)
        if len(self._byKey) > self._most:
            self._byKey.popitem(last=False)
        result = self._resultOf(doing)
        maybeDeferred(act).addBoth(self._done, key, doing)
        return result

    def _forget(self, now: float) -> None:
        # They stand in the order in which they were begun.
        while self._byKey and next(iter(self._byKey.values())).begun + self._seconds <= now:
            self._byKey.popitem(last=False)

    def _resultOf(self, doing: _Doing) -> Deferred[Any]:
        result: Deferred[Any] = Deferred()
        if doing.waiting is None:
            result.callback(doing.result)
        else:
            doing.waiting.append(result)
        return result

    def _done(self, result: Any, key: Hashable, doing: _Doing) -> None:
        waiting, doing.waiting, doing.result = doing.waiting or (), None, result
        if isinstance(result, Failure) and self._byKey.get(key) is doing:
            del self._byKey[key]
        for each in waiting:
            each.callback(result)
