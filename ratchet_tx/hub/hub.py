"""
The hub: one node, with its connections, its applications and the way to the other nodes.
"""

from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from ratchet_tx.applications.registry import Applications
from ratchet_tx.applications.timers import Timers
from ratchet_tx.applications.verify import requireProvided
from ratchet_tx.backplane.memory import MemoryBackplane
from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.lateclock import LateClock
from ratchet_tx.deferreds.threads import waitFor
from ratchet_tx.errors import UsageError
from ratchet_tx.hub.basis import Basis
from ratchet_tx.hub.parts import Parts
from ratchet_tx.hub.peers import Peers
from ratchet_tx.interfaces import IBackplane, IClient, IClientProvider, IHub
from ratchet_tx.login.clients import AnonymousClientProvider, issueAccessToken
from ratchet_tx.monitoring.log import Journal
from ratchet_tx.monitoring.observers import Observer
from ratchet_tx.settings import Limits, Settings
from ratchet_tx.wire.closecodes import KICKED


@implementer(IHub)
class Hub(Service):
    """
    One node: its connections, and the applications that handle their events.

    It is a service. The servers that use it start and stop it (see L{attach}).

    @param clientProvider: finds the clients, an L{IClientProvider}; by default everybody may connect, as an anonymous client
    @param applications: the registered applications, an L{Applications}
    @param backplane: carries messages to other nodes, an L{IBackplane}; by default there are none
    @param clock: for all that takes time, and for clients' C{expires}; by default the reactor of the first server. With a
        reactor, durations are measured by a monotonic clock (see C{deferreds.clock}), and C{expires} is compared with
        C{time.time()}
    @param settings: the L{Settings} of the hub and of its servers; by default those that C{makeService} gets, else the
        default ones
    @raise UsageError: for a provider or a backplane that doesn't provide its interface
    @ivar ledger: counts the bytes that are kept for peers, by what they are kept for
    @ivar peerLog: logs what peers cause
    @ivar httpRefusals: counts and logs what is refused over HTTP
    @ivar journal: logs opened and closed connections and logins, once it observes them
    @ivar lateClock: C{clock}, which parts may be given before there is a reactor
    @ivar patience: times out what has to come from outside
    @ivar parts: the parts that the hub is made of
    """

    name = "ratchet"

    def __init__(
        self,
        clientProvider: IClientProvider | None = None,
        applications: Applications | None = None,
        backplane: IBackplane | None = None,
        clock: IReactorTime | None = None,
        settings: Settings | None = None,
    ) -> None:
        provider = AnonymousClientProvider() if clientProvider is None else clientProvider
        self.clientProvider: IClientProvider = requireProvided(IClientProvider, provider)
        self.backplane: IBackplane = requireProvided(IBackplane, MemoryBackplane() if backplane is None else backplane)
        self.applications = Applications() if applications is None else applications
        self.lateClock = LateClock(clock)
        self._basis = basis = Basis(self.lateClock, self.backplane)
        self.counters, self.ledger, self.peerLog = basis.counters, basis.ledger, basis.peerLog
        self.patience = basis.patience
        self.httpRefusals = basis.httpRefusals
        self.journal = Journal(self.peerLog)
        self.timers = Timers(self.applications.registry, self.lateClock, basis.thread)
        self._attached: set[object] = set()
        self._hasSettings = settings is not None
        self._applySettings(Settings() if settings is None else settings)

    def _applySettings(self, settings: Settings) -> None:
        """
        Make the parts that depend on the settings.
        """
        settings.limits.check()
        self.settings = settings
        self.parts = Parts(self._basis, self.clientProvider, self.applications, self.timers, settings)
        self.parts.dispatch.useHub(self)

    def provideSettings(self, settings: Settings | None = None) -> None:
        """
        Fix the settings of the hub; each server calls this before it reads them.

        @param settings: used by a hub that was made without settings and has no server yet; None for the hub's own
        @raise UsageError: if the hub has other settings already, in what concerns the hub (see L{Settings.differing})
        """
        if settings is not None and self._hasSettings:
            differing = settings.differing(self.settings)
            if differing:
                raise UsageError(
                    f"The hub has other settings than makeService was given: {', '.join(differing)}. "
                    "Give them to one of both: Hub(settings=settings) with makeService(hub=hub), "
                    "or Hub() with makeService(settings, hub) before anything else serves the hub."
                )
        elif settings is not None:
            self._applySettings(settings)
        self._hasSettings = True

    @property
    def allowsGuests(self) -> bool:
        """
        Whether a peer that doesn't log in has an anonymous client.
        """
        return self.parts.identity.allowsGuests

    @property
    def limits(self) -> Limits:
        """
        The limits of the settings.
        """
        return self.settings.limits

    @property
    def peers(self) -> Peers:
        """
        The peers of this node, for the transport: an L{IPeers<ratchet_tx.interfaces.IPeers>}.
        """
        return self.parts.peers

    # Starting and stopping

    @property
    def running(self) -> bool:  # type: ignore[override]
        """
        Whether the hub is started and isn't stopping.
        """
        return self.parts.lifecycle.isRunning

    @property
    def overdue(self) -> bool:
        """
        Whether the last stop took too long, and dropped what was left.
        """
        return self.parts.lifecycle.overdue

    @property
    def clock(self) -> IReactorTime:
        """
        The clock by which all durations are measured; it is monotonic.

        @raise UsageError: while there is none
        """
        return self.lateClock.clock

    def provideClock(self, clock: IReactorTime) -> None:
        """
        Set the clock of a hub that was made without one; nothing happens if it has one.
        """
        self.lateClock.provide(clock)

    def attach(self, server: object, clock: IReactorTime) -> None:
        """
        Add a server; the first one starts the hub.

        @param server: the server, to be given to L{detach} later
        @param clock: the server's reactor, used by a hub that was made without a clock
        """
        self.lateClock.serve(clock)
        self._attached.add(server)
        self.startService()

    def detach(self, server: object) -> Deferred[None] | None:
        """
        Remove a server; the last one stops the hub, unless the hub has a parent service, which stops it.

        @return: the Deferred of L{stopService}, or None if the hub goes on
        """
        self._attached.discard(server)
        return None if self._attached or self.parent is not None else self.stopService()

    def startService(self) -> None:
        """
        Start; nothing happens if the hub runs.

        @raise UsageError: while the hub is still stopping
        """
        try:
            self.parts.lifecycle.start()
        finally:
            # The parts of a hub that runs aren't made again; one that couldn't start may still get other settings.
            self._hasSettings = self._hasSettings or self.running

    def stopService(self) -> Deferred[None]:
        """
        Close all connections and stop, as L{Lifecycle.stop<ratchet_tx.hub.lifecycle.Lifecycle.stop>} says.

        @return: a Deferred that fires when the hub has stopped, and never fails; a second call waits for the same stop
        """
        return self.parts.lifecycle.stop()

    def abandon(self) -> None:
        """
        Stop at once: drop all connections, cancel all pending work, and wait for nothing.
        """
        self.parts.lifecycle.abandon()

    # For applications

    @property
    def connections(self) -> tuple[Connection, ...]:
        return self._basis.directory.all()

    def emit(self, event: str, data: Any = None, room: str | None = None, client: str | None = None) -> Any:
        return self.parts.broadcast.emit(event, data, room, client)

    def publishFromThread(
        self, event: str, data: Any = None, room: str | None = None, client: str | None = None, timeout: float | None = 10
    ) -> Any:
        return waitFor(lambda: self.emit(event, data, room, client), self.lateClock.reactor, timeout)

    def disconnect(self, clientId: str, code: int = KICKED) -> None:
        self.parts.broadcast.disconnect(clientId, code)

    def leave(self, clientId: str, room: str) -> None:
        self.parts.broadcast.leave(clientId, room)

    def members(self, room: str) -> Deferred[dict[str, Any]]:
        return self.parts.broadcast.members(room)

    def issueAccessToken(self, client: IClient) -> Any:
        return issueAccessToken(self.clientProvider, client)

    def observe(self, observer: Observer, happening: type) -> None:
        self._basis.observers.add(observer, happening)
