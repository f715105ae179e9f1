"""
A bad network: it splits, delays and stalls what goes through it, and cuts connections anywhere.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorTCP
from twisted.internet.protocol import ClientFactory, Factory, Protocol


class Pipe:
    """
    One direction of a connection.

    @param send: called with what arrives
    @param cut: called when the pipe is cut
    """

    def __init__(self, network: "Network", send: Callable[[bytes], None], cut: Callable[[], None]) -> None:
        self._network = network
        self._send = send
        self._cut = cut
        self._left = network.random.randint(1, network.random.choice([500, 5000, 50_000]))
        self._waiting = b""
        self._next: Any = None

    def feed(self, data: bytes) -> None:
        self._waiting += data
        self._goOn()

    def _goOn(self) -> None:
        if self._waiting and self._next is None:
            self._next = self._network.reactor.callLater(self._network.delay(), self._arrive)

    def _arrive(self) -> None:
        self._next = None
        size = len(self._waiting)
        if self._network.isRough:
            size = min(self._network.random.randint(1, size), self._left)
            self._left -= size
        arrived, self._waiting = self._waiting[:size], self._waiting[size:]
        self._send(arrived)
        if self._left:
            self._goOn()
        else:
            self._cut()

    def stop(self) -> None:
        self._waiting = b""
        if self._next is not None:
            self._next.cancel()
            self._next = None


class _Side(Protocol):
    """
    One end of a link.
    """

    pipe: Pipe

    def __init__(self, link: "_Link") -> None:
        self._link = link
        self.ended: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        self._link.made(self)

    def dataReceived(self, data: bytes) -> None:
        self.pipe.feed(data)

    def connectionLost(self, reason: Any = None) -> None:
        self.ended.callback(None)
        self._link.lost(self)


class _Link:
    """
    A client's connection to the server, in two parts.
    """

    def __init__(self, network: "Network") -> None:
        self._network = network
        self.near = _Side(self)
        self.far = _Side(self)
        self.near.pipe = Pipe(network, lambda data: self.far.transport.write(data), self.cut)
        self.far.pipe = Pipe(network, lambda data: self.near.transport.write(data), self.cut)
        self._late: Any = None

    def made(self, side: _Side) -> None:
        if side is self.near:
            self.near.transport.pauseProducing()
            connecting = ClientFactory.forProtocol(lambda: self.far)
            connecting.noisy = False
            port = self._network.random.choice(self._network.ports)
            self._network.reactor.connectTCP("127.0.0.1", port, connecting)
        elif self.near.ended.called:
            self.far.transport.abortConnection()
        else:
            self.near.transport.resumeProducing()

    def cut(self) -> None:
        """
        Cut the link: the client notices now, the server perhaps much later.
        """
        self._network.cuts += 1
        self._stop()
        self.near.transport.abortConnection()
        later = self._network.random.choice([0, 0.1, 0.4])
        self._late = self._network.reactor.callLater(later, self.far.transport.abortConnection)

    def lost(self, side: _Side) -> None:
        self._stop()
        other = self.far if side is self.near else self.near
        if other.ended.called:
            if self._late is not None and self._late.active():
                self._late.cancel()
            self._network.links.discard(self)
        elif self._late is None and other.transport is not None:
            other.transport.loseConnection()

    def _stop(self) -> None:
        self.near.pipe.stop()
        self.far.pipe.stop()


class Network:
    """
    A network between clients and servers.

    @param ports: the servers' ports; each connection goes to one of them
    @ivar isRough: whether the network is bad now
    @ivar cuts: how many connections it has cut
    """

    def __init__(self, reactor: IReactorTCP, ports: list[int], seed: int) -> None:
        self.reactor: Any = reactor
        self.ports = ports
        self.random = Random(seed)
        self.isRough = True
        self.cuts = 0
        self.links: set[_Link] = set()
        factory = Factory.forProtocol(lambda: self._link().near)
        factory.noisy = False
        self._port = self.reactor.listenTCP(0, factory, interface="127.0.0.1")

    @property
    def port(self) -> int:
        """
        The port that clients connect to.
        """
        number: int = self._port.getHost().port
        return number

    def _link(self) -> _Link:
        link = _Link(self)
        self.links.add(link)
        return link

    def delay(self) -> float:
        """
        Choose the seconds until the next piece arrives: soon, later, or after a stall.
        """
        return self.random.choice([0, 0, 0, 0, 0.005, 0.02, 0.1]) if self.isRough else 0

    def stop(self) -> Deferred[Any]:
        """
        Cut every connection, and refuse new ones.

        @return: fires when all connections have ended
        """
        ended: list[Deferred[Any]] = [self._port.stopListening()]
        for link in tuple(self.links):
            for side in (link.near, link.far):
                if side.transport is not None and not side.ended.called:
                    ended.append(side.ended)
                    side.transport.abortConnection()
        return gatherResults(ended)
