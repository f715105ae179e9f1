"""
The peers of one node: takes what the transport reports about them, from the handshake to the end.
"""

from zope.interface import implementer

from ratchet_tx.connections.connection import Connection
from ratchet_tx.connections.shared import Shared
from ratchet_tx.happenings import Closed, Opened
from ratchet_tx.hub.basis import Basis
from ratchet_tx.hub.deduplication import Deduplication
from ratchet_tx.hub.dispatch import Dispatch
from ratchet_tx.hub.identity import Identity
from ratchet_tx.hub.incoming import Incoming
from ratchet_tx.hub.lifecycle import Lifecycle
from ratchet_tx.interfaces import IPeers, IRequest, ITransport
from ratchet_tx.limits.guard import Guard
from ratchet_tx.rooms.presence import Presence


@implementer(IPeers)
class Peers:
    """
    The peers of one hub.

    @param shared: what all connections share
    @param guard: decides who may connect
    @param identity: gives each connection its client
    @param incoming: handles what peers send
    @param dispatch: tells the applications that a connection has opened or closed
    @param deduplication: forgets the keys of anonymous clients that are gone
    @param presence: shows lost connections for some seconds longer
    @param lifecycle: tells whether the hub runs
    """

    def __init__(
        self,
        basis: Basis,
        shared: Shared,
        guard: Guard,
        identity: Identity,
        incoming: Incoming,
        dispatch: Dispatch,
        deduplication: Deduplication,
        presence: Presence,
        lifecycle: Lifecycle,
    ) -> None:
        self._basis = basis
        self._shared = shared
        self._guard = guard
        self._identity = identity
        self._dispatch = dispatch
        self._deduplication = deduplication
        self._presence = presence
        self._lifecycle = lifecycle
        # The same methods and no wrappers: each message would pay for the further call.
        self.received = incoming.received
        self.pinged = incoming.pinged

    def __len__(self) -> int:
        return len(self._basis.directory)

    def permit(self, address: str) -> str | None:
        if not self._lifecycle.isRunning:
            return 'why="the hub does not run, or stops"'
        ledger = self._basis.ledger
        if ledger.isFull:
            self._basis.counters.full["processBytes.refused"] += 1
            return f"limit=processBytes of={ledger.limit}"
        reached = self._guard.reached(address, len(self))
        return f"limit={reached} of={getattr(self._shared.limits, reached)}" if reached else None

    def opened(self, transport: ITransport, request: IRequest, remoteAddress: str) -> Connection:
        basis = self._basis
        connection = Connection(self._shared, transport, request, remoteAddress, basis.clock.seconds())
        basis.directory.add(connection)
        self._guard.add(connection)
        basis.counters.opened += 1
        self._identity.opened(connection)
        # Now: where it is too much by itself, this closes the connection, whose applications are to hear of it.
        connection.countBytes("handshake", request.size)
        basis.observers.tell(Opened, connection)
        self._dispatch.track(connection, self._dispatch.fire(connection, "socket.open", None))
        return connection

    def closed(self, connection: Connection, code: int, reason: str, clean: bool) -> None:
        if connection.ended:
            return
        self._identity.closed(connection)
        if connection.mayReconnect(clean):
            self._presence.lost(connection)
        connection.end()
        self._deduplication.end(connection)
        self._basis.directory.remove(connection)
        self._basis.counters.closed += 1
        if connection.closedWith is not None:
            code, reason = connection.closedWith
        self._dispatch.fireInBackground(connection, "socket.close", {"code": code, "reason": reason, "clean": clean})
        seconds = self._basis.clock.seconds() - connection.since
        self._basis.observers.tell(Closed, connection, code, reason, clean, seconds)
        self._lifecycle.connectionEnded()
