"""
Writes to a peer over any transport, and counts the bytes that wait, which Twisted's transports don't tell.

It writes pieces of bytes, whole or not at all, and doesn't know what they are.
For plain TCP there is a faster one: L{ratchet_tx.transport.sockets.directoutlet}.
"""

from typing import Any, Protocol

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from ratchet_tx.transport.sockets.backlog import Backlog
from ratchet_tx.wire.frames import Spare


class Owner(Protocol):
    """
    What an outlet tells of a peer: the protocol that it belongs to.
    """

    def tooSlow(self) -> None:
        """
        Close the connection: too much waited, and all of it has been dropped.
        """

    def waits(self, size: int) -> None:
        """
        Note how many bytes wait for the peer, each time that it changes; the connection may be closed because of it.
        """

    def spared(self, spare: Spare) -> None:
        """
        Note that a piece has been dropped, which could be.
        """


@implementer(IPushProducer)
class Outlet:
    """
    Writes to one peer.

    The transport keeps up to 64 KiB by itself, and then pauses us: from there on pieces wait here, and are counted.

    @param transport: what is written to; the outlet is its producer until it is closed
    @param limit: how many bytes may wait; 0 for any number
    @param owner: is told when more wait
    """

    __slots__ = ("_backlog", "_closing", "_gone", "_moved", "_owner", "_paused", "_transport")

    def __init__(self, transport: Any, limit: int, owner: Owner) -> None:
        self._transport = transport
        self._owner = owner
        self._backlog = Backlog(limit, owner.spared)
        self._paused = self._closing = self._gone = self._moved = False
        transport.registerProducer(self, True)

    @property
    def queuedBytes(self) -> int:
        """
        How many bytes wait.
        """
        return self._backlog.size

    def write(self, data: bytes, spare: Spare | None = None) -> None:
        """
        Send a piece after all others.

        @param spare: says how it may be dropped while it waits; None where it may not
        """
        if not self._paused:
            self._transport.write(data)
        elif not self._gone:
            fits = self._backlog.add(data, spare)
            if not fits:
                self._backlog.clear()
            self._owner.waits(self._backlog.size)
            if not fits:
                self._owner.tooSlow()

    def drop(self) -> None:
        """
        Drop what waits; what is written later is sent.
        """
        self._backlog.clear()
        self._owner.waits(0)

    def flush(self) -> None:
        """
        Do nothing: the transport has what was written in this turn.
        """

    def close(self) -> None:
        """
        Close the connection once nothing waits any more.
        """
        self._closing = True
        self._finish()

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
        self._backlog.clear()
        self._paused = self._gone = True

    def moved(self) -> bool:
        """
        Say whether the peer has read some of what waited, since this was called before.
        """
        moved, self._moved = self._moved, False
        return moved

    def _finish(self) -> None:
        if self._closing and not self._backlog.size:
            # The transport waits for its producer to be done before it closes.
            self._transport.unregisterProducer()
            self._transport.loseConnection()

    # IPushProducer; the transport may pause us again with each piece that it is given, and more than once.

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        self._moved = True
        while self._backlog.size and not self._paused:
            self._transport.write(self._backlog.take())
            self._owner.waits(self._backlog.size)
        self._finish()

    def stopProducing(self) -> None:
        self.lose()


class Nowhere:
    """
    The outlet of a connection that has ended: all that is written is lost.

    It replaces the connection's own outlet, which has a reference to the connection: such a circle stays until Python's
    garbage collector finds it, after thousands of connections.
    """

    __slots__ = ()

    queuedBytes = 0

    def write(self, data: bytes, spare: Spare | None = None) -> None:
        pass

    def drop(self) -> None:
        pass

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass

    def lose(self) -> None:
        pass

    def moved(self) -> bool:
        return False


NOWHERE = Nowhere()
