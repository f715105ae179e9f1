"""
The door: who comes in at a port is looked at before anybody else sees them, and sent to the sockets or to the pages.

It knows nothing of WebSocket nor of pages; once a request's head is there, and good, it is out of the way.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure

from ratchet_tx.addresses import isAddress
from ratchet_tx.counters import Counters
from ratchet_tx.head import BadHead, Head, HeadReader
from ratchet_tx.settings import Limits
from ratchet_tx.timeouts import Timeouts

_log = Logger()

Page = Callable[[IAddress], Any]
Socket = Callable[[IAddress, Head, bool], Any]


class Upgrading:
    """
    What serves pages, and may be asked for a WebSocket by any request of a connection but the first, which is the door's.

    @ivar sockets: as the door's; None where there are none
    """

    sockets: Socket | None = None


class Door(Protocol):
    """
    The first to speak with a peer, for as long as its first request's head takes.

    @param sockets: builds the protocol for a WebSocket's handshake, whose head it is given so that it needn't read it again,
        with whether nothing was ever written to the transport
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
        self._counters = counters
        self._heads = heads
        self._reader = HeadReader(limits.headBytes, limits.headCount)

    def connectionMade(self) -> None:
        self._heads.start(self)

    def dataReceived(self, data: bytes) -> None:
        try:
            head = self._reader.feed(data)
        except BadHead as bad:
            return self._refuse(bad.status, bad.reason, why=bad.why)
        if head is not None:
            self._enter(head)

    def _enter(self, head: Head) -> None:
        if not head.isUpgrade and self._pages is None:
            upgrade = "Upgrade: websocket\r\nConnection: Upgrade"
            return self._refuse(426, "Upgrade Required", upgrade, "this is no page, and no WebSocket was asked for")
        self._heads.stop(self)
        assert self.transport is not None, "data comes from a transport"
        handOver(self.transport, self._build(self.transport.getPeer(), head), self._reader.take())

    def _build(self, peer: IAddress, head: Head) -> Any:
        if self._pages is None or head.isUpgrade:
            return self._sockets(peer, head, True)
        page = self._pages(peer)
        if isinstance(page, Upgrading):
            page.sockets = self._sockets
        return page

    def late(self) -> None:
        """
        Answer 408: the head took longer than C{headSeconds}.
        """
        self._refuse(408, "Request Timeout", why="the head took longer than headSeconds")

    def _refuse(self, status: int, reason: str, headers: str = "Connection: close", why: str = "") -> None:
        self._heads.stop(self)
        self._counters.refused[f"http.{status}"] += 1
        assert self.transport is not None, "there is somebody to refuse"
        logRefusal(addressOf(self.transport), status, why)
        self.dataReceived = _ignore  # type: ignore[method-assign]
        self.transport.write(refusal(status, reason, headers))
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._heads.stop(self)


def _ignore(data: bytes) -> None:
    """
    Take no notice of what a refused peer still sends.
    """


def refusal(status: int, reason: str, headers: str = "Connection: close") -> bytes:
    """
    Write an answer without a body, after which the connection is closed.
    """
    return f"HTTP/1.1 {status} {reason}\r\n{headers}\r\nContent-Length: 0\r\n\r\n".encode()


def logRefusal(address: str, status: int, why: str) -> None:
    """
    Log that a request was refused, and which rule it broke.
    """
    _log.info('Refused a request: status={status} address={address} why="{why}"', status=status, address=address, why=why)


def addressOf(transport: Any) -> str:
    """
    Name a peer by its IP address; C{unix} behind a UNIX socket, and C{unknown} where a proxy's protocol tells no address.
    """
    return hostOf(transport.getPeer())


def hostOf(peer: IAddress) -> str:
    """
    Take the IP address out of a peer's address, as L{addressOf} does.
    """
    host = str(getattr(peer, "host", "unix"))
    return host if host == "unix" or isAddress(host) else "unknown"


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
