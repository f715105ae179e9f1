"""
The interface of a port to its WebSockets: what they share, and what each may use of it.
"""

from typing import Any, Protocol

from ratchet_tx.interfaces import IPeers
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.httprefusals import HTTPRefusals
from ratchet_tx.monitoring.peerlog import PeerLog
from ratchet_tx.transport.handshake.admission import Admission
from ratchet_tx.transport.keepalive import Keepalive
from ratchet_tx.transport.sockets.closing import Closing
from ratchet_tx.transport.sockets.directoutlet import DirectOutlet
from ratchet_tx.transport.sockets.epoll import Poller
from ratchet_tx.transport.sockets.outlet import Outlet, Owner
from ratchet_tx.transport.sockets.turns import Turns


class Port(Protocol):
    """
    What a factory has for its sockets.

    @ivar peers: the hub, as far as it is told of peers
    @ivar counters: counts the closes, and the frames that are dropped for slow peers
    @ivar peerLog: logs what peers cause
    @ivar admission: decides which handshakes are accepted
    @ivar refusals: counts and logs those that aren't
    @ivar mostFragments: in how many frames a message may come
    @ivar longestText: the longest text, in bytes, that the fast path takes
    @ivar takesTexts: whether there is a fast path
    @ivar poller: reads the sockets past the reactor; None where that reads them
    @ivar turns: shares the reactor's turns among them
    @ivar keepalive: pings them
    @ivar closing: drops closed ones whose peers stay
    """

    peers: IPeers
    counters: Counters
    peerLog: PeerLog
    admission: Admission
    refusals: HTTPRefusals
    mostFragments: float
    longestText: int
    takesTexts: bool
    poller: Poller | None
    turns: Turns
    keepalive: Keepalive
    closing: Closing

    def makeOutlet(self, transport: Any, owner: Owner, fresh: bool) -> Outlet | DirectOutlet:
        """
        Make what writes to a peer.

        @param owner: who is told when the peer is slow
        @param fresh: whether nothing was ever written to the transport
        """
