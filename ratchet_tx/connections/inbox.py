"""
Keeps one connection's events in order: one is handled, the others wait.

What waits is kept as it came, in bytes: read, some of it would take thirty times as much memory.
"""

from collections import deque
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from ratchet_tx.deferreds.coroutines import cancel
from ratchet_tx.interfaces import ITransport

#: How long queued events may be, on average, before reading from their peer pauses: of few long ones fewer may wait.
QUEUED_EVENT_BYTES = 4096


class Owner(Protocol):
    """
    Whose inbox it is: a connection.
    """

    def handle(self, text: bytes) -> None: ...
    def inboxChanged(self) -> None: ...


class Inbox:
    """
    The queue of one connection's messages.

    The queue is made when a message has to wait: most handlers are done at once.

    @param owner: handles each message when its turn has come, and may L{blockUntil} again; it is told of each change of
        L{load}
    @ivar busy: the work that the queue waits for; None if the next event may be handled at once
    @ivar bytes: how many bytes are queued
    """

    __slots__ = ("_beside", "_idle", "_line", "_owner", "_paused", "busy", "bytes")

    def __init__(self, owner: Owner) -> None:
        self._owner: Owner | None = owner
        self._paused = False
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

    def add(self, text: bytes) -> None:
        """
        Have a message stand in line until the inbox is free.
        """
        if self._line is None:
            self._line = deque()
        self._line.append(text)
        self.bytes += len(text)
        self._changed()

    def blockUntil(self, work: Deferred[Any]) -> None:
        """
        Let everybody wait until something is done; whether it is done well is no matter.
        """
        # As isDone() says: each event whose handlers wait would pay for the further call.
        if work.called and not work.paused:
            return
        self.busy = work
        work.addBoth(self._free)

    def runBeside(self, work: Deferred[Any]) -> None:
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
            self._changed()

        work.addBoth(done)
        self._changed()

    def _free(self, _: Any) -> None:
        self.busy = None
        while self._line and self.busy is None:
            text = self._line.popleft()
            self.bytes -= len(text)
            self._changed()
            if self._owner is not None:
                self._owner.handle(text)
        self._checkIdle()

    def _changed(self) -> None:
        if self._owner is not None:
            self._owner.inboxChanged()

    def regulate(self, transport: ITransport, limit: int, isAsked: bool) -> None:
        """
        Read from the peer while there is room for what it sends, and always while a reply is awaited: it would stand
        behind what isn't read.

        @param limit: how many events may wait; 0 for any number
        @param isAsked: whether a reply is awaited
        """
        full = limit > 0 and not isAsked and (self.load >= limit or self.bytes >= limit * QUEUED_EVENT_BYTES)
        if full and not self._paused:
            transport.pauseReading()
        elif self._paused and not full:
            transport.resumeReading()
        self._paused = full

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
        # The two would hold each other until the garbage collector comes.
        self._owner = None
        for work in (self.busy, *(self._beside or ())):
            if work is not None:
                cancel(work)
