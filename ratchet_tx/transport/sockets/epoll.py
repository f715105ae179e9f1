"""
A nested epoll: the reactor watches one descriptor, which holds all sockets that are read fast.

For each socket that can be read the reactor sets up a log's context, and looks whom to call: about 4 microseconds, of the
12 that an event costs.  Here the sockets that can be read are found by an epoll of their own, whose one file number is
all that the reactor watches.

The boundary with Twisted: a transport that is held has stopped reading, as far as the reactor knows, and is read here
instead, by the same C{doRead}.  What that gives is dealt with as the reactor does: a transport that is done, or lost, is
told so.  The reactor writes, as ever.
"""

import select
from contextlib import suppress
from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableDescriptor, IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ratchet_tx.deferreds.clock import nextTurn
from ratchet_tx.monitoring.peerlog import UNBOUNDED, UNKNOWN_ADDRESS, PeerLog
from ratchet_tx.transport.sockets.corking import Batch

#: How many sockets are read in one turn, before what was written to them is sent.
_AT_ONCE = 64

#: A system that has no epoll polls as the reactor does.
AVAILABLE = hasattr(select, "epoll")


@implementer(IReadDescriptor)
class Poller:
    """
    The sockets of one reactor that are read here.

    @param reactor: an C{IReactorFDSet} and C{IReactorTime}
    @param batch: what is written to while they are read, to be sent when they have been
    @param log: where failures are logged
    """

    _log = Logger()

    def __init__(self, reactor: Any, batch: Batch, log: PeerLog = UNBOUNDED) -> None:
        self._peerLog = log
        self._reactor = reactor
        self._nextTurn = nextTurn(reactor)
        self._batch = batch
        # Made when it is needed, for it is a file.
        self._epoll: Any = None
        self._transports: dict[int, Any] = {}
        # Those that are told in the next turn that they are lost, and why.
        self._lost: dict[Any, BaseException] = {}

    def __len__(self) -> int:
        return len(self._transports)

    def turns(self) -> int:
        """
        Say in how many turns all is read that could be read by now.
        """
        return -(-len(self._transports) // _AT_ONCE)

    def hold(self, transport: Any) -> int:
        """
        Read a transport from now on, in the reactor's place; nothing happens where it has been found lost.

        @param transport: a connected one of TCP, which is being read by the reactor, or has been released here
        @return: the number to L{release} it by
        """
        if self._epoll is None:
            self._epoll = select.epoll()
        transport.stopReading()
        number: int = transport.fileno()
        if transport in self._lost:
            return number
        self._epoll.register(number, select.EPOLLIN)
        if not self._transports:
            self._reactor.addReader(self)
        self._transports[number] = transport
        return number

    def release(self, number: int, transport: Any) -> None:
        """
        Read a transport no more; it isn't given back to the reactor.

        Nothing happens where the number is another's by now.
        """
        if self._transports.get(number) is not transport:
            return
        del self._transports[number]
        # A socket that is closed already has left by itself.
        with suppress(OSError):
            self._epoll.unregister(number)
        if not self._transports:
            self._reactor.removeReader(self)

    # IReadDescriptor

    def fileno(self) -> int:
        number: int = self._epoll.fileno()
        return number

    def logPrefix(self) -> str:
        return "ratchet"

    def doRead(self) -> None:
        self._batch.isLed = True
        try:
            for number, happened in self._epoll.poll(0, _AT_ONCE):
                # One that was read before it may have closed it.
                transport = self._transports.get(number)
                if transport is not None:
                    self._read(number, transport, happened)
        finally:
            self._batch.isLed = False
            self._batch.flush()

    def _read(self, number: int, transport: Any, happened: int) -> None:
        try:
            why = transport.doRead() if happened & select.EPOLLIN else ConnectionLost()
        except BaseException as error:
            self._peerLog.failure(self._log, UNKNOWN_ADDRESS, "Reading from a peer failed; it is dropped")
            why = error
        if why is not None:
            self._lose(number, transport, why)

    def _lose(self, number: int, transport: Any, why: BaseException) -> None:
        """
        Have nothing more happen to a transport in this turn, and tell it in the next that it is lost.
        """
        self.release(number, transport)
        if not _isHalf(transport, why):
            transport.stopWriting()
        self._lost[transport] = why
        self._nextTurn(self._tell, transport)

    def _tell(self, transport: Any) -> None:
        why = self._lost.pop(transport, None)
        # It may have been lost meanwhile in another way, by what was written to it.
        if why is None or not transport.connected:
            return
        if _isHalf(transport, why):
            transport.readConnectionLost(Failure(why))
        else:
            transport.stopWriting()
            transport.connectionLost(Failure(why))

    def connectionLost(self, reason: Failure) -> None:
        """
        Lose all of them: the reactor, which ends and has no further turn, knows only us.
        """
        for number, transport in list(self._transports.items()):
            if self._transports.get(number) is transport:
                self.release(number, transport)
                self._lost[transport] = ConnectionLost()
        for transport in list(self._lost):
            self._tell(transport)


def _isHalf(transport: Any, why: BaseException) -> bool:
    """
    Say whether the peer has only said that it sends nothing more.
    """
    return isinstance(why, ConnectionDone) and IHalfCloseableDescriptor.providedBy(transport)
