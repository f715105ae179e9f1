"""
Makes the protocols of a port: a door for each connection, and a WebSocket for each that asks for one.

This is the one place that puts the parts together, and reads what they need of the hub.
"""

from contextlib import suppress
from math import inf
from typing import Any, cast

from autobahn.twisted.websocket import WebSocketServerFactory
from autobahn.websocket.protocol import TrafficStats
from twisted.internet.interfaces import IProtocolNegotiationFactory, IReactorFDSet
from twisted.logger import Logger
from zope.interface import implementer

from ratchet_tx.hub.hub import Hub
from ratchet_tx.interfaces import IPeers
from ratchet_tx.limits.visits import Visits
from ratchet_tx.monitoring.log import keepJournal
from ratchet_tx.transport.autobahn import Quiet
from ratchet_tx.transport.handshake import alpn
from ratchet_tx.transport.handshake.admission import Admission
from ratchet_tx.transport.handshake.door import Door, Doorkeeper
from ratchet_tx.transport.handshake.head import Head
from ratchet_tx.transport.handshake.hosts import Hosts
from ratchet_tx.transport.handshake.origins import Origins
from ratchet_tx.transport.keepalive import Keepalive
from ratchet_tx.transport.protocol import RatchetServerProtocol
from ratchet_tx.transport.receiver import isPlain
from ratchet_tx.transport.sockets.closing import Closing
from ratchet_tx.transport.sockets.corking import Batch
from ratchet_tx.transport.sockets.directoutlet import DirectOutlet
from ratchet_tx.transport.sockets.epoll import AVAILABLE, Poller
from ratchet_tx.transport.sockets.outlet import Outlet, Owner
from ratchet_tx.transport.sockets.turns import Turns

_log = Logger()

#: The longest text that the fast path takes: it reads lengths of up to two bytes.
_LONGEST_TEXT = 65535


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
        self._pages = pages
        settings, limits, patience = hub.settings, hub.limits, hub.patience
        self.peers: IPeers = hub.peers
        self.counters = hub.counters
        self.peerLog = hub.peerLog
        origins = Origins(settings.origin)
        self._admitsAll = origins.all
        self.admission = Admission(
            Hosts(settings.host), origins, settings.subprotocol, settings.trustForwarded, self.peers.permit
        )
        self.refusals = hub.httpRefusals
        self.mostFragments = max(1024, limits.messageBytes // 64) if limits.messageBytes else inf
        self.longestText = min(limits.messageBytes or _LONGEST_TEXT, _LONGEST_TEXT)
        self.takesTexts = "fast-path" not in settings.without
        self._writesDirectly = "direct-writes" not in settings.without
        self._queueBytes = limits.sendQueueBytes
        self.trafficStats = TrafficStats()
        self._batch = Batch(self.reactor, hub.peerLog)
        self.turns = Turns(self.reactor, hub.lateClock, hub.peerLog)
        self.poller: Poller | None = None
        if "nested-epoll" not in settings.without and AVAILABLE and IReactorFDSet.providedBy(self.reactor):
            self.poller = Poller(self.reactor, self._batch, hub.peerLog)
            patience.addReader(self.poller.turns)
        visits = Visits(limits, settings.trustForwarded > 0, self.peers.__len__)
        self.closing = Closing(patience)
        self.doorkeeper = Doorkeeper(limits, self.refusals, visits, self.closing, patience, self.admission.speaker)
        self.keepalive = Keepalive(limits.pingSeconds, limits.pongSeconds, patience)
        self.setProtocolOptions(
            versions=[13],
            webStatus=False,
            # If we dropped the connection, the browser would see 1006 and no reason.
            failByDrop=False,
            maxFramePayloadSize=limits.messageBytes,
            maxMessagePayloadSize=limits.messageBytes,
            # All time-outs are our own.
            openHandshakeTimeout=0,
            closeHandshakeTimeout=0,
            autoPingInterval=0,
            # Admission checks origins: Autobahn's patterns refuse the very origin that they name.
            allowedOrigins=["*"],
            allowNullOrigin=True,
        )

    def startFactory(self) -> None:
        # The reactor closes connections before it stops ports, which is too late to send a close.
        self._atShutdown = self.reactor.addSystemEventTrigger("before", "shutdown", self.hub.detach, self)
        keepJournal(self.hub, self.hub.settings.verbose)
        if self._admitsAll:
            _log.warn("Pages of every origin may connect, with the cookies of their visitors: origin=*")
        self.hub.attach(self, self.reactor)
        if self._pages is not None:
            self._pages.doStart()

    def stopFactory(self) -> None:
        # While the reactor shuts down, it doesn't know the trigger any more.
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
        Name the protocols to offer over TLS (IProtocolNegotiationFactory).
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
        Make the WebSocket of a peer whose request's head has been checked.
        """
        return cast(RatchetServerProtocol, super().buildProtocol(addr))

    def makeOutlet(self, transport: Any, owner: Owner, fresh: bool) -> Outlet | DirectOutlet:
        """
        Make what writes to a peer (L{Port<ratchet_tx.transport.port.Port>}).
        """
        if self._writesDirectly and isPlain(transport):
            return DirectOutlet(transport, self._queueBytes, owner, self._batch, fresh)
        return Outlet(transport, self._queueBytes, owner)
