"""
Makes the parts of a hub: each part is made before the parts that need it.
"""

from functools import partial

from ratchet_tx.applications.registry import Applications
from ratchet_tx.applications.timers import Timers
from ratchet_tx.connections.shared import Shared
from ratchet_tx.hub.basis import Basis
from ratchet_tx.hub.broadcast import Broadcast
from ratchet_tx.hub.control import Controls
from ratchet_tx.hub.deduplication import Deduplication
from ratchet_tx.hub.dispatch import Dispatch
from ratchet_tx.hub.fanout import Fanout
from ratchet_tx.hub.identity import Identity
from ratchet_tx.hub.incoming import Incoming
from ratchet_tx.hub.lifecycle import Lifecycle
from ratchet_tx.hub.peers import Peers
from ratchet_tx.hub.published import Publisher
from ratchet_tx.interfaces import IAnonymousClientProvider, IClientProvider
from ratchet_tx.limits.guard import Guard
from ratchet_tx.limits.loginthrottle import LoginThrottle
from ratchet_tx.login.expiry import Expiry
from ratchet_tx.login.finder import ClientFinder
from ratchet_tx.login.login import Login
from ratchet_tx.login.lookups import Lookups
from ratchet_tx.rooms.access import Access
from ratchet_tx.rooms.presence import Presence
from ratchet_tx.rooms.readhistory import ReadHistory
from ratchet_tx.rooms.subscribe import Subscribe
from ratchet_tx.settings import Settings


class Parts:
    """
    The parts of one hub that depend on its settings; for other settings they are made again.

    @param basis: the parts that don't depend on the settings
    @param provider: finds the clients
    @param applications: the registered applications
    @param timers: start and stop with the hub
    """

    def __init__(
        self, basis: Basis, provider: IClientProvider, applications: Applications, timers: Timers, settings: Settings
    ) -> None:
        self._basis = basis
        self._provider = provider
        self._applications = applications
        self._limits = settings.limits
        self.directory = basis.directory
        basis.applyLimits(settings.limits)
        self._makeLimits(settings)
        self._makeBroadcast()
        self._makeDispatch()
        self.lifecycle = Lifecycle(
            basis, applications, timers, settings.limits, self.broadcast.deliver, self.loginThrottle, self._forgetAll
        )
        self._makeControls()
        self._makePeers()

    def _makeLimits(self, settings: Settings) -> None:
        basis = self._basis
        guests = IAnonymousClientProvider.providedBy(self._provider)
        self.guard = Guard(settings, basis.counters, basis.answers, guests)
        self.loginThrottle = LoginThrottle(settings.trustForwarded > 0, basis.counters, basis.clock)
        self.lookups = Lookups()

    def _makeBroadcast(self) -> None:
        basis = self._basis
        publisher = Publisher(basis.backplane, basis.counters)
        self.fanout = Fanout(basis.counters, self._applications.whenSlow)
        self.presence = Presence(
            self._limits.presenceSeconds,
            basis.patience,
            basis.backplane,
            publisher.publish,
            self.fanout.spread,
            basis.ledger,
            basis.peerLog,
        )
        self.broadcast = Broadcast(
            publisher,
            basis.directory,
            self.fanout,
            self.presence,
            basis.backplane,
            self.lookups,
            self._applications.policies,
            basis.thread,
        )

    def _makeDispatch(self) -> None:
        basis, limits = self._basis, self._limits
        changed = partial(basis.ledger.change, "keys")
        self.deduplication = Deduplication(limits.dedupSeconds, basis.counters, basis.answers, basis.patience, changed)
        self.dispatch = Dispatch(
            basis.answers, basis.observers, self.deduplication, basis.pending, limits, basis.counters, basis.patience
        )

    def _makeControls(self) -> None:
        basis, limits, answers = self._basis, self._limits, self._basis.answers
        access = Access(self._applications.policies, basis.backplane, limits, basis.patience)
        subscribe = Subscribe(
            access, self.fanout.holdbacks, self.presence, self.guard, answers, limits, basis.counters, basis.clock
        )
        readHistory = ReadHistory(access, answers, limits)
        self.controls = Controls(self._makeLogin(), subscribe, readHistory, self.presence, answers)

    def _makeLogin(self) -> Login:
        basis, limits, dispatch = self._basis, self._limits, self.dispatch
        expiry = Expiry(basis.clock)
        self.identity = Identity(basis, self._provider, self._applications, dispatch, self.guard, expiry, limits)
        finder = ClientFinder(
            self._provider,
            self.loginThrottle,
            self.lookups,
            limits,
            basis.clock,
            basis.patience,
            self.identity.loginWaits,
            lambda: self.lifecycle.isRunning,
        )
        return Login(
            finder,
            self.identity,
            dispatch.fire,
            basis.answers,
            lambda: self.deduplication.name,
            limits,
            basis.counters,
            basis.clock,
        )

    def _makePeers(self) -> None:
        basis = self._basis
        incoming = Incoming(
            self.guard, self.dispatch, self.controls, basis.answers, self.lifecycle, basis.counters, basis.clock
        )
        self.shared = Shared(
            self._limits,
            basis.counters,
            basis.ledger,
            basis.peerLog,
            basis.thread,
            basis.patience,
            self.broadcast,
            incoming.handle,
        )
        self.peers = Peers(
            basis,
            self.shared,
            self.guard,
            self.identity,
            incoming,
            self.dispatch,
            self.deduplication,
            self.presence,
            self.lifecycle,
        )

    def _forgetAll(self) -> None:
        self.deduplication.forgetAll()
        self.presence.stop()
