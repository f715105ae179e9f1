"""
Keeps one connection's events in order: one is handled, the others wait.

What waits is kept as it came, in bytes: read, some of it would take thirty times as much memory.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from ratchet_tx.deferreds.coroutines import cancel


class Inbox:
    """
    What waits for its turn on one connection.

    Where handlers are done at once nothing ever waits, so nothing is kept: the line is made when first needed.

    @param turn: called with what waited, when its turn has come; it may L{occupy} the inbox again
    @ivar busy: what is being waited for; None where the next event may be handled at once
    @ivar bytes: how many bytes stand in line
    """

    __slots__ = ("_beside", "_idle", "_line", "_turn", "busy", "bytes")

    def __init__(self, turn: Callable[[bytes], None]) -> None:
        self._turn = turn
        self._line: deque[bytes] | None = None
        self.bytes = 0
        self._beside: set[Deferred[Any]] | None = None
        self._idle: Deferred[None] | None = None
        self.busy: Deferred[Any] | None = None

    @property
    def load(self) -> int:
        """
        How much stands in line or goes on beside it.
        """
        return len(self._line or ()) + len(self._beside or ())

    def wait(self, text: bytes) -> None:
        """
        Have a message stand in line until the inbox is free.
        """
        if self._line is None:
            self._line = deque()
        self._line.append(text)
        self.bytes += len(text)

    def occupy(self, work: Deferred[Any]) -> None:
        """
        Let everybody wait until something is done; whether it is done well is no matter.
        """
        if work.called and not work.paused:
            return
        self.busy = work
        work.addBoth(self._free)

    def accompany(self, work: Deferred[Any]) -> None:
        """
        Let nobody wait for something, but end it with the connection.
        """
        if self._beside is None:
            self._beside = set()
        beside = self._beside
        beside.add(work)

        def done(_: Any) -> None:
            beside.discard(work)
            self._checkIdle()

        work.addBoth(done)

    def _free(self, _: Any) -> None:
        self.busy = None
        while self._line and self.busy is None:
            text = self._line.popleft()
            self.bytes -= len(text)
            self._turn(text)
        self._checkIdle()

    def whenIdle(self) -> Deferred[None]:
        """
        Wait until nothing stands in line and nothing goes on; there is one who waits.

        @return: a Deferred that fires then, and never fails
        """
        self._idle = Deferred()
        idle = self._idle
        self._checkIdle()
        return idle

    def _checkIdle(self) -> None:
        if self._idle is not None and self.busy is None and not self.load:
            idle, self._idle = self._idle, None
            idle.callback(None)

    def drop(self) -> None:
        """
        Forget who waits, and whose turn it would be, and cancel what is being done.
        """
        self._line = None
        self.bytes = 0
        # Who made us is known by it, and would stay until the garbage collector comes.
        self._turn = _nothing
        for work in (self.busy, *(self._beside or ())):
            if work is not None:
                cancel(work)


def _nothing(waiting: Any) -> None:
    """
    Take no notice of what would have had its turn.
    """
