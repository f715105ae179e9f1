"""
The hub: where connections, applications, clients and other nodes meet.
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
from ratchet_tx.interfaces import IAnonymousClientProvider, IBackplane, IClient, IClientProvider, IHub
from ratchet_tx.login.clients import AnonymousClientProvider, issueAccessToken
from ratchet_tx.monitoring.log import Journal
from ratchet_tx.monitoring.observers import Observer
from ratchet_tx.settings import Limits, Settings
from ratchet_tx.wire.closecodes import KICKED


@implementer(IHub)
class Hub(Service):
    """
    One node: its connections, and the applications that they speak to.

    It is a service, which whatever serves it starts and stops (see L{attach}).

    @param clientProvider: who knows the clients, an L{IClientProvider}; by default everybody may come in, as nobody
    @param applications: what is registered already, an L{Applications}
    @param backplane: the way to other nodes, an L{IBackplane}; by default there are none
    @param clock: for all that takes time, and for clients' C{expires}; by default the reactor of what serves the hub.  Over
        a reactor durations are measured by a time that never steps (see C{deferreds.clock}), and C{expires} is read by
        C{time.time()}
    @param settings: the L{Settings} that everything obeys which serves the hub; without, those that C{makeService} is
        given, or else the default ones
    @raise UsageError: for a provider or a backplane that isn't one
    @ivar letsGuestsIn: whether a peer that doesn't log in has an anonymous client
    @ivar ledger: how many bytes are kept because of peers, and what for
    @ivar peerLog: what logs what peers cause
    @ivar journal: what logs who comes and goes, once it observes that
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
        self.letsGuestsIn = IAnonymousClientProvider.providedBy(self.clientProvider)
        self._clock = LateClock(clock)
        self._basis = basis = Basis(self._clock, self.backplane)
        self.counters, self.ledger, self.peerLog = basis.counters, basis.ledger, basis.peerLog
        self.patience = basis.patience
        self.journal = Journal(self.peerLog)
        self.timers = Timers(self.applications.registry, thread=basis.thread)
        self._attached: set[object] = set()
        self._isSettled = settings is not None
        self._obey(Settings() if settings is None else settings)

    def _obey(self, settings: Settings) -> None:
        """
        Make whatever is made of the settings.
        """
        settings.limits.check()
        self.settings = settings
        self.parts = Parts(self._basis, self.clientProvider, self.applications, self.timers, settings)
        self.parts.dispatch.serve(self)

    def provideSettings(self, settings: Settings | None = None) -> None:
        """
        Settle by which settings the hub goes; whatever serves it calls this before it reads them.

        @param settings: taken by a hub that has none of its own and isn't served yet; None for the hub's
        @raise UsageError: for others than the hub goes by already, in what the hub minds (see L{Settings.differing})
        """
        if settings is not None and self._isSettled:
            differing = settings.differing(self.settings)
            if differing:
                raise UsageError(
                    f"The hub goes by other settings than makeService was given: {', '.join(differing)}. "
                    "Give them to one of both: Hub(settings=settings) with makeService(hub=hub), "
                    "or Hub() with makeService(settings, hub) before anything else serves the hub."
                )
        elif settings is not None:
            self._obey(settings)
        self._isSettled = True

    @property
    def limits(self) -> Limits:
        """
        The limits of the settings.
        """
        return self.settings.limits

    @property
    def peers(self) -> Peers:
        """
        The peers, whom the transport tells of: an L{IPeers<ratchet_tx.interfaces.IPeers>}.
        """
        return self.parts.peers

    # Starting and stopping

    @property
    def running(self) -> bool:  # type: ignore[override]
        """
        Whether the hub runs, and isn't stopping.
        """
        return self.parts.lifecycle.isRunning

    @property
    def overdue(self) -> bool:
        """
        Whether the last stop took too long, and something was dropped.
        """
        return self.parts.lifecycle.overdue

    @property
    def clock(self) -> IReactorTime:
        """
        Who tells the time by which everything here is measured; it never steps.

        @raise UsageError: while nobody does
        """
        return self._clock.clock

    def provideClock(self, clock: IReactorTime) -> None:
        """
        Tell a hub the time that was made without a clock; nothing happens where it has one.
        """
        self._clock.provide(clock)

    def attach(self, server: object, clock: IReactorTime) -> None:
        """
        Begin to be served: the first server starts the hub.

        @param server: who serves it, to be named again to L{detach}
        @param clock: the server's reactor, for a hub that was made without one
        """
        self._clock.serve(clock)
        self._attached.add(server)
        self.startService()

    def detach(self, server: object) -> Deferred[None] | None:
        """
        Be no longer served by somebody: the last server stops the hub, unless it belongs to a service that will.

        @return: a Deferred as of L{stopService}, or None where the hub goes on
        """
        self._attached.discard(server)
        return None if self._attached or self.parent is not None else self.stopService()

    def startService(self) -> None:
        """
        Start; nothing happens where it runs.

        @raise UsageError: while it is still stopping
        """
        self._isSettled = True
        self.parts.lifecycle.start()

    def stopService(self) -> Deferred[None]:
        """
        Take leave of all peers, as L{Lifecycle.stop<ratchet_tx.hub.lifecycle.Lifecycle.stop>} does.

        @return: a Deferred that fires then, and never fails; a second call waits for the same
        """
        return self.parts.lifecycle.stop()

    def abandon(self) -> None:
        """
        Stop at once: drop all peers, cancel whatever goes on, and wait for nothing.
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
        return waitFor(lambda: self.emit(event, data, room, client), self._clock.reactor, timeout)

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
