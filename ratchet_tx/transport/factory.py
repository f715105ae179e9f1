"""
The factory of a port: gives each connection to the door, and makes the WebSockets of those that are to be some.
"""

from collections.abc import Sequence
from contextlib import suppress
from math import inf
from typing import Any, cast

from autobahn.twisted.websocket import WebSocketServerFactory
from autobahn.websocket.protocol import TrafficStats
from twisted.internet.interfaces import IProtocolNegotiationFactory, IReactorFDSet, ISSLTransport
from twisted.logger import Logger
from zope.interface import implementer

from ratchet_tx.hub.hub import Hub
from ratchet_tx.limits.visits import Visits
from ratchet_tx.monitoring.log import keepJournal
from ratchet_tx.monitoring.printable import printable
from ratchet_tx.transport.autobahn import Quiet
from ratchet_tx.transport.handshake import alpn
from ratchet_tx.transport.handshake.door import Door, Doorkeeper, addressOf
from ratchet_tx.transport.handshake.explanations import explainOrigin
from ratchet_tx.transport.handshake.forwarded import Asker, readForwarded
from ratchet_tx.transport.handshake.head import Head
from ratchet_tx.transport.handshake.hosts import Hosts
from ratchet_tx.transport.handshake.origins import Origins
from ratchet_tx.transport.handshake.upgrade import joinHeaders
from ratchet_tx.transport.keepalive import Keepalive
from ratchet_tx.transport.protocol import RatchetServerProtocol
from ratchet_tx.transport.sockets.corking import Batch
from ratchet_tx.transport.sockets.epoll import AVAILABLE, Poller
from ratchet_tx.transport.sockets.turns import Turns

_log = Logger()

#: The longest text of a frame whose length takes two bytes, which are all that the fast path knows.
_LONGEST_TEXT = 65535

#: How many names of subprotocols are logged that are not allowed.
_MOST_UNANSWERED = 16


@implementer(IProtocolNegotiationFactory)
class RatchetServerFactory(WebSocketServerFactory):
    """
    Serves a hub on any endpoint::

        endpoint.listen(RatchetServerFactory(hub))

    The hub starts with the first port that this listens on, and stops with the last.

    @param hub: the L{Hub}
    @param reactor: by default the global one
    @param pages: the factory that serves requests that ask for no WebSocket, such as a twisted.web C{Site}; by default they
        are told to upgrade
    @raise UsageError: for settings whose C{origin} or C{host} isn't one
    """

    protocol = RatchetServerProtocol
    log = Quiet()
    noisy = False

    def __init__(self, hub: Hub, reactor: Any = None, pages: Any = None) -> None:
        super().__init__(server="", reactor=reactor)
        self.hub = hub
        hub.provideSettings()
        self.hosts = Hosts(hub.settings.host)
        self.origins = Origins(hub.settings.origin)
        self._doubted: set[str] = set()
        self._unanswered: set[str] = set()
        self._pages = pages
        limits = hub.limits
        self.mostFragments = max(1024, limits.messageBytes // 64) if limits.messageBytes else inf
        self.longestText = min(limits.messageBytes or _LONGEST_TEXT, _LONGEST_TEXT)
        without = hub.settings.without
        self.takesTexts = "fast-path" not in without
        self.writesDirectly = "direct-writes" not in without
        self.batch = Batch(self.reactor, hub.peerLog)
        self.poller = self._makePoller() if "nested-epoll" not in without else None
        self.trafficStats = TrafficStats()
        clock = lambda: hub.clock  # noqa: E731
        self.turns = Turns(self.reactor, clock, hub.peerLog)
        patience = hub.patience
        if self.poller is not None:
            patience.addReader(self.poller.turns)
        visits = Visits(limits, hub.settings.trustForwarded > 0, hub.countConnections)
        self.doorkeeper = Doorkeeper(limits, hub.counters, visits, patience, self._speaker, hub.peerLog)
        self.closing = self.doorkeeper.closing
        self.keepalive = Keepalive(limits.pingSeconds, limits.pongSeconds, clock, patience)
        self.setProtocolOptions(
            versions=[13],
            webStatus=False,
            # With a drop the browser would be told nothing: it sees 1006 and not why.
            failByDrop=False,
            maxFramePayloadSize=limits.messageBytes,
            maxMessagePayloadSize=limits.messageBytes,
            # The door has seen to it that the head is there, and all other time-outs are ours.
            openHandshakeTimeout=0,
            closeHandshakeTimeout=0,
            autoPingInterval=0,
            # Origins are checked by us: Autobahn's patterns refuse the very origin that they name.
            allowedOrigins=["*"],
            allowNullOrigin=True,
        )

    def _makePoller(self) -> Poller | None:
        return (
            Poller(self.reactor, self.batch, self.hub.peerLog)
            if AVAILABLE and IReactorFDSet.providedBy(self.reactor)
            else None
        )

    def startFactory(self) -> None:
        # Ports are closed only after the sockets are, which is too late for taking leave.
        self._atShutdown = self.reactor.addSystemEventTrigger("before", "shutdown", self.hub.detach, self)
        keepJournal(self.hub, self.hub.settings.verbose)
        if self.origins.all:
            _log.warn("Pages of every origin may connect, with the cookies of their visitors: origin=*")
        self.hub.attach(self, self.reactor)
        if self._pages is not None:
            self._pages.doStart()

    def stopFactory(self) -> None:
        # While the reactor shuts down it isn't known there any more.
        with suppress(ValueError, KeyError):
            self.reactor.removeSystemEventTrigger(self._atShutdown)
        self.hub.detach(self)
        if self._pages is not None:
            self._pages.doStop()

    def logPrefix(self) -> str:
        """
        Name the server in the log's line about its port.
        """
        return "ratchet"

    def acceptableProtocols(self) -> list[bytes]:
        """
        Name what is spoken here over TLS (IProtocolNegotiationFactory).
        """
        return alpn.acceptableProtocols()

    def buildProtocol(self, addr: Any) -> Door:
        pages = None if self._pages is None else self._pages.buildProtocol
        return Door(self._buildWithHead, pages, self.doorkeeper)

    def _buildWithHead(self, addr: Any, head: Head, fresh: bool) -> RatchetServerProtocol:
        protocol = self.buildSocket(addr)
        protocol.fresh = fresh
        protocol.head = head
        return protocol

    def buildSocket(self, addr: Any) -> RatchetServerProtocol:
        """
        Build the protocol of a peer whose request's head has been looked through.
        """
        return cast(RatchetServerProtocol, super().buildProtocol(addr))

    def _speaker(self, transport: Any, head: Head) -> str:
        if not self.hub.settings.trustForwarded:
            return addressOf(transport)
        return self.asker(transport, joinHeaders(head.headers)).address

    def asker(self, transport: Any, headers: Any) -> Asker:
        """
        Find out who asks, by the socket and by what trusted proxies say.

        @param headers: the request's, their names in lower case
        """
        return readForwarded(_askerOf(transport, headers), headers, self.hub.settings.trustForwarded, self._doubt)

    def _doubt(self, why: str, entry: str) -> None:
        """
        Warn once that proxies don't tell peers apart: the limits of addresses are then shared by all of them.
        """
        if why in self._doubted:
            return
        self._doubted.add(why)
        _log.warn(
            'Peers share the address of their proxy, see docs/proxies.rst: why={why} entry="{entry}" trusted={hops}',
            why=why,
            entry=printable(entry),
            hops=self.hub.settings.trustForwarded,
        )

    def agree(self, offered: Sequence[str]) -> str | None:
        """
        Choose the first of the offered subprotocols that is allowed.

        Where none is, the handshake goes on without one, which is for the client to judge: browsers, and Node's WebSocket,
        give up then, and tell nobody why.  So the log tells it, once for each name.
        """
        allowed = self.hub.settings.subprotocol
        for name in offered:
            if name in allowed:
                return name
        first = next(filter(None, offered), None)
        if first is not None and len(self._unanswered) < _MOST_UNANSWERED and first not in self._unanswered:
            self._unanswered.add(first)
            name = printable(first)
            _log.warn(
                'A client offered a subprotocol that is not allowed, and may give up: offered="{name}" '
                'option="--subprotocol {name}"',
                name=name,
            )
        return None

    def explainOrigin(self, transport: Any, headers: Any) -> str:
        """
        Explain for the log why a page may not connect.
        """
        return explainOrigin(headers, _askerOf(transport, headers), self.hub.settings.trustForwarded, self.origins)


def _askerOf(transport: Any, headers: Any) -> Asker:
    return Asker(addressOf(transport), ISSLTransport.providedBy(transport), headers.get("host", ""))
