"""
The door: who comes in at a port is looked at before anybody else sees him, and sent to the sockets or to the pages.

It knows nothing of WebSocket nor of pages; once a request's head is there, and good, it is out of the way.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure

from ratchet_tx.counters import Counters
from ratchet_tx.head import END, BadHead, Head, readHead
from ratchet_tx.settings import Limits
from ratchet_tx.timeouts import Timeouts

_log = Logger()

Page = Callable[[IAddress], Any]
Socket = Callable[[IAddress, Head], Any]


class Door(Protocol):
    """
    The first to speak with a peer, for as long as its first request's head takes.

    @param sockets: builds the protocol for a WebSocket's handshake, whose head it is given so that it needn't read it again
    @param pages: builds the protocol for any other request; None where there are no pages
    @param limits: how long, how large and how slow a head may be
    @param counters: where refusals are counted, by their status
    @param heads: the time that a head may take, at whose end L{late} is to be called
    """

    def __init__(
        self, sockets: Socket, pages: Page | None, limits: Limits, counters: Counters, heads: "Timeouts[Door]"
    ) -> None:
        self._sockets = sockets
        self._pages = pages
        self._limits = limits
        self._counters = counters
        self._heads = heads
        self._received = bytearray()

    def connectionMade(self) -> None:
        self._heads.start(self)

    def dataReceived(self, data: bytes) -> None:
        # Only what is new is looked at, and the three bytes before it: the cost is linear, whatever the pieces.
        start = max(0, len(self._received) - len(END) + 1)
        self._received += data
        end = self._received.find(END, start)
        size = end + len(END) if end >= 0 else len(self._received)
        if 0 < self._limits.headBytes < size:
            self._refuse(431, "Request Header Fields Too Large")
        elif end >= 0:
            self._enter(bytes(self._received[:size]))

    def _enter(self, head: bytes) -> None:
        try:
            read = readHead(head, self._limits.headCount)
        except BadHead as bad:
            return self._refuse(bad.status, bad.reason)
        if not read.isUpgrade and self._pages is None:
            return self._refuse(426, "Upgrade Required", "Upgrade: websocket\r\nConnection: Upgrade")
        self._heads.stop(self)
        assert self.transport is not None, "data comes from a transport"
        handOver(self.transport, self._build(self.transport.getPeer(), read), bytes(self._received))

    def _build(self, peer: IAddress, head: Head) -> Any:
        if self._pages is None or head.isUpgrade:
            return self._sockets(peer, head)
        return self._pages(peer)

    def late(self) -> None:
        """
        Refuse who has had his time for a head.
        """
        self._refuse(408, "Request Timeout")

    def _refuse(self, status: int, reason: str, headers: str = "Connection: close") -> None:
        self._heads.stop(self)
        self._counters.refused[f"http.{status}"] += 1
        assert self.transport is not None, "there is somebody to refuse"
        _log.info("Refused a request from {address}: {status}", address=addressOf(self.transport), status=status)
        self.dataReceived = _ignore  # type: ignore[method-assign]
        answer = f"HTTP/1.1 {status} {reason}\r\n{headers}\r\nContent-Length: 0\r\n\r\n"
        self.transport.write(answer.encode())
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._heads.stop(self)


def _ignore(data: bytes) -> None:
    """
    Take no notice of what a refused peer still sends.
    """


def addressOf(transport: Any) -> str:
    """
    Name a peer by its IP address, or C{unix} behind a UNIX socket.
    """
    return str(getattr(transport.getPeer(), "host", "unix"))


def handOver(transport: Any, protocol: Any, data: bytes) -> None:
    """
    Give a connection to another protocol, which is called by the transport itself from now on.

    @param data: what has been received already
    """
    # Under TLS, and behind a proxy's protocol, the transport is a wrapper around the real one.
    if isinstance(transport, ProtocolWrapper):
        transport.wrappedProtocol = protocol
    elif isinstance(transport.protocol, ProtocolWrapper):
        transport.protocol.wrappedProtocol = protocol
    else:
        transport.protocol = protocol
    protocol.makeConnection(transport)
    protocol.dataReceived(data)
