"""
A client's end over a real socket, as L{tests.kit.ends.Wire} is one without: for what is only done where there is plain TCP.

The reactor is turned by the test, and deals with all that is ready before it gives back; so nothing waits, and nothing is
a matter of chance.  A pair of sockets of the system's stands for a network: what one end sends is at the other at once.
"""

from collections.abc import Callable
from contextlib import suppress
from errno import EWOULDBLOCK
from select import select
from socket import IPPROTO_TCP, socket, socketpair
from typing import Any, cast

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableDescriptor
from twisted.internet.tcp import Server
from twisted.python.failure import Failure

from tests.kit.ends import MemoryReactor, Wire


class SocketReactor(MemoryReactor):
    """
    A reactor whose sockets are real.
    """

    def turn(self) -> None:
        """
        Read and write whatever can be, and call what is due, until there is nothing more to do.
        """
        self.advance(0)
        while any(ready := select(list(self.getReaders()), self._writable(), [], 0)):
            for each in ready[0]:
                if each in self.getReaders():
                    self._do(each, each.doRead)
            for each in ready[1]:
                if each in self.getWriters():
                    self._do(each, each.doWrite)
            self.advance(0)

    def _writable(self) -> list[Any]:
        return [each for each in self.getWriters() if not getattr(each.getHandle(), "full", False)]

    def _do(self, each: Any, step: Callable[[], BaseException | None]) -> None:
        # As Twisted's own reactors do it.
        why = step()
        if why is None:
            return
        self.removeReader(each)
        self.removeWriter(each)
        if isinstance(why, ConnectionDone) and step == each.doRead and IHalfCloseableDescriptor.providedBy(each):
            each.readConnectionLost(Failure(why))
        else:
            each.connectionLost(Failure(why))


class Paired(socket):
    """
    One of a pair, which takes the options of TCP and does nothing about them.

    @ivar full: whether it takes nothing more, because the other doesn't read: the system would take some 200 KB before
    """

    full = False

    def send(self, data: Any, *flags: int) -> int:
        if self.full:
            raise BlockingIOError(EWOULDBLOCK, "full")
        return super().send(data, *flags)

    def setsockopt(self, level: int, *rest: Any) -> None:
        if level != IPPROTO_TCP:
            super().setsockopt(level, *rest)


class SocketWire(Wire):
    """
    A client's end.

    @param factory: the server's, whose C{reactor} is a L{SocketReactor}
    @param wrap: puts something between the server's transport and its socket
    """

    def __init__(self, factory: Any, wrap: Callable[[Paired], Any] = lambda real: real) -> None:
        self.factory = factory
        self._reactor: SocketReactor = factory.reactor
        self._client, server = socketpair()
        for each in (self._client, server):
            each.setblocking(False)
        self._received = b""
        address = ("192.0.2.7", 5000)
        self._server = Paired(fileno=server.detach())
        self.transport = cast(Any, Server)(wrap(self._server), None, address, None, 1, self._reactor)
        self.transport.protocol = self._last = factory.buildProtocol(self.transport.getPeer())
        self.protocol.makeConnection(self.transport)

    @property
    def protocol(self) -> Any:
        """
        Who is at the other end, or was before the end: a transport that is lost forgets it.
        """
        self._last = getattr(self.transport, "protocol", self._last)
        return self._last

    def send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest and self.transport.connected:
            # Where it is full, the server reads first; where it is closed already, nobody does.
            with suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
                rest = rest[self._client.send(rest) :]
            self._turn()

    def stopReading(self) -> None:
        self._server.full = True
        # As the transport does, above 64 KiB of its own.
        if self.transport.streamingProducer:
            super().stopReading()

    def readAgain(self) -> None:
        self._server.full = False
        if self.transport.streamingProducer:
            super().readAgain()
        self._turn()

    def receive(self) -> bytes:
        self._turn()
        data, self._received = self._received, b""
        return data

    def _turn(self) -> None:
        _ = self.protocol
        self._reactor.turn()
        if self._client.fileno() < 0:
            return
        with suppress(BlockingIOError, ConnectionResetError):
            while more := self._client.recv(1 << 20):
                self._received += more
                self._reactor.turn()

    def lose(self, reason: Exception | None = None) -> None:
        """
        Be gone, in the only way in which a socket is.
        """
        self._client.close()
        self._reactor.turn()
