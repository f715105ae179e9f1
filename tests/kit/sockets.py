"""
A client's end over a real socket, like L{tests.kit.ends.Wire} in memory: for code that only runs over plain TCP.

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
    A reactor with real sockets.
    """

    def turn(self) -> None:
        """
        Read and write whatever is ready, and make the due calls, until nothing is left.
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
    One socket of a pair, which accepts TCP's options and ignores them.

    @ivar full: whether it takes nothing more, as if the other didn't read; the system would first take some 200 KB
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
    A client's end over a real socket.

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
        The protocol that serves the connection, or served it: a lost transport forgets it.
        """
        self._last = getattr(self.transport, "protocol", self._last)
        return self._last

    def send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest and self.transport.connected:
            # A full socket takes more once the server has read; a closed one takes nothing.
            with suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
                rest = rest[self._client.send(rest) :]
            self._turn()

    def stopReading(self) -> None:
        self._server.full = True
        # The transport stops its producer above 64 KiB too.
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
        Close the socket: a real socket has no other way to be lost.
        """
        self._client.close()
        self._reactor.turn()
