"""
Reads many sockets at less cost than the reactor: by a nested epoll, whose one file number is all that the reactor watches.

For each socket that can be read, the reactor sets up a log context and looks up what to call: about 4 of the 12 microseconds
that an event costs.

The boundary with Twisted: for the reactor, a transport that is held here has stopped reading.  It is read here by the same
C{doRead}, and if that says that the connection has ended, the transport is told so as the reactor does.  The reactor writes.
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
from ratchet_tx.monitoring.peerlog import UNBOUNDED, PeerLog
from ratchet_tx.transport.sockets.corking import Batch

#: How many sockets are read in one turn, before what was written to them is sent.
_AT_ONCE = 64

#: Whether the system has epoll; without, the reactor reads.
AVAILABLE = hasattr(select, "epoll")


@implementer(IReadDescriptor)
class Poller:
    """
    The sockets that are read here for one reactor.

    @param reactor: an C{IReactorFDSet} and C{IReactorTime}
    @param batch: collects what is written while they are read, and is flushed afterwards
    @param log: where failures are logged
    """

    _log = Logger()

    def __init__(self, reactor: Any, batch: Batch, log: PeerLog = UNBOUNDED) -> None:
        self._peerLog = log
        self._reactor = reactor
        self._nextTurn = nextTurn(reactor)
        self._batch = batch
        # Made when it is needed, because it is a file.
        self._epoll: Any = None
        self._transports: dict[int, Any] = {}
        # The transports that are told in the next turn that they are lost, and why.
        self._lost: dict[Any, BaseException] = {}

    def __len__(self) -> int:
        return len(self._transports)

    def turns(self) -> int:
        """
        Say how many turns it takes to read all that could be read by now.
        """
        return -(-len(self._transports) // _AT_ONCE)

    def hold(self, transport: Any) -> int:
        """
        Read a transport from now on, instead of the reactor; nothing happens if it was found to be lost.

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
        Stop to read a transport, without giving it back to the reactor.

        Nothing happens if the number belongs to another transport by now.
        """
        if self._transports.get(number) is not transport:
            return
        del self._transports[number]
        # The system has removed a socket that is closed already.
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
                # Reading another one may have closed it.
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
            self._peerLog.failure(self._log, transport.getPeer().host, "Read failed, connection dropped: address={address}")
            why = error
        if why is not None:
            self._lose(number, transport, why)

    def _lose(self, number: int, transport: Any, why: BaseException) -> None:
        """
        Stop a transport in this turn, and tell it in the next that it is lost.
        """
        self.release(number, transport)
        if not _isHalf(transport, why):
            transport.stopWriting()
        self._lost[transport] = why
        self._nextTurn(self._tell, transport)

    def _tell(self, transport: Any) -> None:
        why = self._lost.pop(transport, None)
        # It may have been lost meanwhile by a write.
        if why is None or not transport.connected:
            return
        if _isHalf(transport, why):
            transport.readConnectionLost(Failure(why))
        else:
            transport.stopWriting()
            transport.connectionLost(Failure(why))

    def connectionLost(self, reason: Failure) -> None:
        """
        Lose all of them: the reactor ends, has no further turn, and knows only the poller.
        """
        for number, transport in list(self._transports.items()):
            if self._transports.get(number) is transport:
                self.release(number, transport)
                self._lost[transport] = ConnectionLost()
        for transport in list(self._lost):
            self._tell(transport)


def _isHalf(transport: Any, why: BaseException) -> bool:
    """
    Say whether the peer has only closed its side for sending.
    """
    return isinstance(why, ConnectionDone) and IHalfCloseableDescriptor.providedBy(transport)
