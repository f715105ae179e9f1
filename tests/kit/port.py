"""
A port without a hub, for tests of a single socket: strict fakes of what a factory gives its sockets.
"""

from collections.abc import Sequence
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory
from autobahn.websocket.protocol import TrafficStats
from twisted.internet.task import Clock
from zope.interface import implementer

from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.interfaces import IPeers
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.httprefusals import HTTPRefusals
from ratchet_tx.monitoring.peerlog import UNBOUNDED
from ratchet_tx.transport.handshake.admission import Admission
from ratchet_tx.transport.handshake.hosts import Hosts
from ratchet_tx.transport.handshake.origins import Origins
from ratchet_tx.transport.sockets.closing import Closing
from ratchet_tx.transport.sockets.outlet import Outlet
from ratchet_tx.transport.sockets.turns import Turns


class FakeConnection:
    """
    A connection that records its calls.
    """

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        self.closing = self.ended = False
        self.kept: list[tuple[str, int]] = []

    def close(self, code: int, reason: str) -> None:
        assert not self.ended, "a connection that has ended isn't closed"
        if not self.closing:
            self.closing = True
            self.transport.close(code, reason)

    def closeBegan(self) -> None:
        assert not self.ended, "a connection that has ended isn't being closed"
        self.closing = True

    def countBytes(self, what: str, size: int) -> None:
        assert not self.ended, "nothing is kept for a connection that has ended"
        self.kept.append((what, size))


@implementer(IPeers)
class FakePeers:
    """
    A hub that records its calls about peers, and checks their order.

    @ivar pays: whether a peer may send one more ping
    @ivar whyNot: why no more peers are accepted
    """

    def __init__(self) -> None:
        self.happened: list[tuple[Any, ...]] = []
        self.pays = True
        self.whyNot: str | None = None

    def __len__(self) -> int:
        return sum({"opened": 1, "closed": -1}.get(each[0], 0) for each in self.happened)

    def permit(self, address: str) -> str | None:
        return self.whyNot

    def opened(self, transport: Any, request: Any, address: str) -> FakeConnection:
        self.happened.append(("opened", request.path, address))
        return FakeConnection(transport)

    def received(self, connection: FakeConnection, text: bytes, fragments: int = 0) -> None:
        assert not connection.ended, "a peer that has gone sends nothing"
        self.happened.append(("received", text, fragments))

    def pinged(self, connection: FakeConnection) -> bool:
        assert not connection.ended, "a peer that has gone sends nothing"
        return self.pays

    def closed(self, connection: FakeConnection, code: int, reason: str, clean: bool) -> None:
        assert not connection.ended, "a connection ends once"
        connection.ended = True
        self.happened.append(("closed", code, reason, clean))


class FakeKeepalive:
    """
    Sends no pings, and records which peers it is told about.

    @ivar alive: the peers that would be pinged
    @ivar heardOf: the peers that sent something
    @ivar owed: how many pongs are owed
    @ivar taken: how much the peer has taken, whenever it is asked
    """

    def __init__(self) -> None:
        self.alive: list[Any] = []
        self.heardOf: list[Any] = []
        self.owed = self.taken = 0

    def begin(self, peer: Any) -> None:
        assert peer not in self.alive, "a peer begins once"
        self.alive.append(peer)

    def end(self, peer: Any) -> None:
        if peer in self.alive:
            self.alive.remove(peer)

    def isOwed(self, peer: Any) -> bool:
        self.owed -= 1
        return self.owed >= 0

    def heard(self, peer: Any) -> None:
        peer.liveness.isAsked = False
        self.heardOf.append(peer)

    def look(self, peer: Any) -> int:
        return self.taken


class FakePort(WebSocketServerFactory):  # type: ignore[misc]
    """
    A port with Autobahn's bare factory and what its sockets need; pages of its own origin may connect.

    @param protocol: the class of its sockets
    @param subprotocols: the allowed ones
    """

    longestText = 65535
    mostFragments = 4
    takesTexts = True
    poller = None

    def __init__(self, protocol: Any, subprotocols: Sequence[str] = ()) -> None:
        self.clock = Clock()
        super().__init__(server="", reactor=self.clock)
        self.protocol = protocol
        self.setProtocolOptions(failByDrop=False, openHandshakeTimeout=0, closeHandshakeTimeout=0)
        self.trafficStats = TrafficStats()
        self.turns = Turns(self.clock, self.clock)
        self.closing = Closing(Patience(self.clock))
        self.keepalive = FakeKeepalive()
        self.peers = FakePeers()
        self.counters = Counters()
        self.peerLog = UNBOUNDED
        self.refusals = HTTPRefusals(self.counters, UNBOUNDED)
        self.admission = Admission(Hosts(), Origins(), subprotocols, 0, self.peers.permit)

    def makeOutlet(self, transport: Any, owner: Any, fresh: bool) -> Outlet:
        return Outlet(transport, 1000, owner)
