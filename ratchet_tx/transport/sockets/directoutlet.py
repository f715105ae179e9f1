"""
Writes to a peer over plain TCP: straight to its socket while that takes bytes, else when it does again.

A transport of Twisted's keeps what it is given until the reactor's next turn, and makes two more system calls to learn when
it may write.  This saves both.

The boundary with Twisted: the socket is written to only while the transport has nothing of its own to write.  From the
first byte that the socket doesn't take until the last that waited, everything goes through the transport, whose pull
producer this is: it asks for more whenever its buffer is empty.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IPullProducer
from zope.interface import implementer

from ratchet_tx.transport.sockets.backlog import PORTION, Backlog
from ratchet_tx.transport.sockets.corking import Batch
from ratchet_tx.transport.sockets.outlet import Owner
from ratchet_tx.wire.frames import Spare


@implementer(IPullProducer)
class DirectOutlet:
    """
    Writes to one peer, as L{Outlet<ratchet_tx.transport.sockets.outlet.Outlet>} does.

    All pieces of one turn of the reactor are written to the socket together, at the end of the turn (they are corked).  To
    write after each peer's chunk costs a tenth more.

    @param transport: a C{tcp.Server} of Twisted's
    @param limit: how many bytes may wait; 0 for any number
    @param owner: is told when more wait
    @param batch: calls L{flush} at the end of the turn
    @param fresh: whether the transport has never been written to, so that it can have nothing to write
    @ivar queuedBytes: how many bytes wait, for the end of the turn or for the peer
    """

    __slots__ = (
        "_backlog",
        "_batch",
        "_closing",
        "_cork",
        "_gone",
        "_limit",
        "_moved",
        "_owner",
        "_pulled",
        "_send",
        "_transport",
        "queuedBytes",
    )

    def __init__(self, transport: Any, limit: int, owner: Owner, batch: Batch, fresh: bool) -> None:
        self._transport = transport
        self._limit = limit
        self._owner = owner
        self._batch = batch
        self._send: Callable[[bytes], int] = transport.getHandle().send
        self._cork: list[bytes] = []
        self._pulled = self._closing = self._gone = self._moved = False
        self.queuedBytes = 0
        # Made when something has to wait, which never happens for most peers.
        self._backlog: Backlog | None = None if fresh else self._makeBacklog()

    def _makeBacklog(self) -> Backlog:
        return Backlog(self._limit, self._owner.spared)

    def write(self, data: bytes, spare: Spare | None = None) -> None:
        """
        Send a piece after all others.

        @param spare: says how it may be dropped while it waits for the peer; None where it may not
        """
        if self._backlog is not None:
            return self._wait(self._backlog, data, spare)
        cork = self._cork
        if not cork:
            self._batch.add(self)
        cork.append(data)
        self.queuedBytes += len(data)
        if self.queuedBytes > PORTION:
            self.flush()

    def flush(self) -> None:
        """
        Send what has been written in this turn.
        """
        cork = self._cork
        if not cork:
            return
        data = b"".join(cork)
        cork.clear()
        self.queuedBytes = 0
        try:
            sent = self._send(data)
        except OSError:
            # Either it takes nothing now, or it is broken: then the transport gets the same error, and ends.
            sent = 0
        if sent < len(data):
            self._backlog = self._makeBacklog()
            self._wait(self._backlog, data[sent:], None)

    def _wait(self, backlog: Backlog, data: bytes, spare: Spare | None) -> None:
        if self._gone:
            return
        fits = backlog.add(data, spare)
        if not fits:
            backlog.clear()
        self._count(backlog)
        if not self._pulled:
            self._pulled = True
            # It asks for the first portion at once.
            self._transport.registerProducer(self, False)
        if not fits:
            self._owner.tooSlow()

    def _count(self, backlog: Backlog) -> None:
        self.queuedBytes = backlog.underway + backlog.size
        self._owner.waits(self.queuedBytes)

    def drop(self) -> None:
        """
        Drop what waits; what is written later is sent.
        """
        if self._backlog is not None:
            self._backlog.clear()
            self._count(self._backlog)

    # IPullProducer

    def resumeProducing(self) -> None:
        backlog = self._backlog
        assert backlog is not None, "only what waits is asked for"
        portion = backlog.take()
        self._moved = True
        # What the transport was given has been written by now.
        backlog.underway = len(portion)
        self._count(backlog)
        if portion:
            self._transport.write(portion)
            return
        self._transport.unregisterProducer()
        self._pulled = False
        self._backlog = None
        self._finish()

    def stopProducing(self) -> None:
        self.lose()

    # The end

    def close(self) -> None:
        """
        Close the connection once nothing waits any more.
        """
        self.flush()
        self._closing = True
        self._finish()

    def _finish(self) -> None:
        if self._closing and not self._pulled:
            self._transport.loseConnection()

    def abort(self) -> None:
        """
        Drop the connection with all that waits; nothing happens if it has ended.
        """
        if not self._gone:
            self.lose()
            self._transport.abortConnection()

    def lose(self) -> None:
        """
        Drop what waits, and all that is written later, because the connection has ended.
        """
        self._gone = True
        self._cork.clear()
        self._backlog = self._makeBacklog()
        self.queuedBytes = 0

    def moved(self) -> bool:
        """
        Say whether the peer has read some of what waited, since this was called before.
        """
        moved, self._moved = self._moved, False
        return moved
