"""
Writes to a peer over any transport, and counts the bytes that wait.

No Twisted transport can be asked for that.  It knows pieces of bytes that are not to be torn apart, and not what they are.
For plain TCP there is a faster one: L{ratchet_tx.transport.sockets.directoutlet}.
"""

from typing import Any, Protocol

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from ratchet_tx.transport.sockets.backlog import Backlog
from ratchet_tx.wire.frames import Spare


class Owner(Protocol):
    """
    Whose outlet it is.
    """

    def tooSlow(self) -> None:
        """
        Hear that more waits than may, and that all of it has been dropped: the connection is to be ended.
        """

    def waits(self, size: int) -> None:
        """
        Hear how many bytes wait for the peer now, each time that it changes; it may be closed for it.
        """

    def spared(self, spare: Spare) -> None:
        """
        Hear that a spare piece has been left out.
        """


@implementer(IPushProducer)
class Outlet:
    """
    The way of bytes to one peer.

    The transport keeps up to 64 KiB by itself, and then says that it is enough: from there on pieces wait here, and are
    counted.

    @param transport: where the bytes go to; the outlet is its producer until it is closed
    @param limit: how many bytes may wait; 0 for any number
    @param owner: who is told when there are more
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

        @param spare: what may be done with it while it waits, if it isn't needed
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
        Forget what waits; what is written after that comes.
        """
        self._backlog.clear()
        self._owner.waits(0)

    def flush(self) -> None:
        """
        Send what has been written in this turn: the transport has it already.
        """

    def close(self) -> None:
        """
        Close the connection, as soon as nothing waits any more.
        """
        self._closing = True
        self._finish()

    def abort(self) -> None:
        """
        Drop the connection with whatever waits; nothing happens where it is gone.
        """
        if not self._gone:
            self._backlog.clear()
            self._transport.abortConnection()

    def lose(self) -> None:
        """
        Forget what waits: the connection is gone, and whatever else is written is lost.
        """
        self._backlog.clear()
        self._paused = self._gone = True

    def moved(self) -> bool:
        """
        Say whether the peer has read of what waited since this was asked before.
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
    The outlet to a peer that is gone: whatever is written is lost.

    A connection that has ended has this one, for its own outlet knows it: two objects that know each other stay until
    Python's garbage collector finds them, after thousands of connections.
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
