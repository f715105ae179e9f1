"""
Keeps one connection's events in order: one is handled, the others are queued.

Messages are queued as bytes, not decoded: decoded, some would take thirty times as much memory.
"""

from collections import deque
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from ratchet_tx.deferreds.coroutines import cancel
from ratchet_tx.interfaces import ITransport

#: How long queued events may be on average, before reading from their peer pauses; of longer events fewer may be queued.
QUEUED_EVENT_BYTES = 4096


class Owner(Protocol):
    """
    The connection that an inbox belongs to.
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

    __slots__ = ("_beside", "_idle", "_owner", "_paused", "_queue", "busy", "bytes")

    def __init__(self, owner: Owner) -> None:
        self._owner: Owner | None = owner
        self._paused = False
        self._queue: deque[bytes] | None = None
        self.bytes = 0
        self._beside: set[Deferred[Any]] | None = None
        self._idle: Deferred[None] | None = None
        self.busy: Deferred[Any] | None = None

    @property
    def load(self) -> int:
        """
        How many messages are queued, and how many are handled beside the queue.
        """
        return len(self._queue or ()) + len(self._beside or ())

    def add(self, text: bytes) -> None:
        """
        Queue a message until the work that blocks the queue is done.
        """
        if self._queue is None:
            self._queue = deque()
        self._queue.append(text)
        self.bytes += len(text)
        self._changed()

    def blockUntil(self, work: Deferred[Any]) -> None:
        """
        Let the queue wait until some work succeeds or fails.
        """
        # As isDone() says: each event whose handlers wait would pay for the further call.
        if work.called and not work.paused:
            return
        self.busy = work
        work.addBoth(self._handleQueued)

    def runBeside(self, work: Deferred[Any]) -> None:
        """
        Track work that the queue doesn't wait for; it is cancelled if the connection ends.
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

    def _handleQueued(self, _: Any) -> None:
        self.busy = None
        while self._queue and self.busy is None:
            text = self._queue.popleft()
            self.bytes -= len(text)
            self._changed()
            if self._owner is not None:
                self._owner.handle(text)
        self._checkIdle()

    def _changed(self) -> None:
        if self._owner is not None:
            self._owner.inboxChanged()

    def pauseOrResume(self, transport: ITransport, limit: int, isAsked: bool) -> None:
        """
        Pause reading from the peer while the inbox is full, and resume it later.

        Reading never pauses while an C{ask} waits for a reply, because the reply may come behind what isn't read.

        @param limit: how many events may be queued; 0 for any number
        @param isAsked: whether an C{ask} waits for a reply
        """
        full = limit > 0 and not isAsked and (self.load >= limit or self.bytes >= limit * QUEUED_EVENT_BYTES)
        if full and not self._paused:
            transport.pauseReading()
        elif self._paused and not full:
            transport.resumeReading()
        self._paused = full

    def whenIdle(self) -> Deferred[None]:
        """
        Wait until nothing is queued and nothing is handled; for one caller at a time.

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
        Drop the queue, and cancel the work.
        """
        self._queue = None
        self.bytes = 0
        # Breaks the reference cycle, so that both are freed without the garbage collector.
        self._owner = None
        for work in (self.busy, *(self._beside or ())):
            if work is not None:
                cancel(work)
