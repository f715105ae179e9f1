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
from ratchet_tx.hub.deduplication import Keys
from ratchet_tx.hub.dispatch import Dispatch
from ratchet_tx.hub.fanout import Delivery
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
    """

    def __init__(
        self, basis: Basis, provider: IClientProvider, applications: Applications, timers: Timers, settings: Settings
    ) -> None:
        limits, counters, answers = settings.limits, basis.counters, basis.answers
        clock, patience, backplane, policies = basis.clock, basis.patience, basis.backplane, applications.policies
        self.directory = basis.directory
        basis.ledger.limit = limits.processBytes
        basis.peerLog.limit(limits.logBytesPerMinute)

        self.guard = Guard(settings, counters, answers, guests=IAnonymousClientProvider.providedBy(provider))
        self.loginThrottle = LoginThrottle(settings.trustForwarded > 0, counters, clock)
        self.lookups = Lookups()

        publisher = Publisher(backplane, counters)
        self.delivery = Delivery(counters, applications.whenSlow)
        self.presence = Presence(
            limits.presenceSeconds,
            patience,
            backplane,
            publisher.publish,
            self.delivery.spread,
            basis.ledger,
            basis.peerLog,
        )
        self.broadcast = Broadcast(
            publisher,
            basis.directory,
            self.delivery,
            self.presence,
            backplane,
            self.lookups,
            policies,
            basis.thread,
        )

        self.keys = Keys(limits.dedupSeconds, counters, answers, patience, partial(basis.ledger.change, "keys"))
        self.dispatch = Dispatch(answers, basis.observers, self.keys, basis.pending, limits, counters, patience)
        self.lifecycle = Lifecycle(
            basis, applications, timers, limits, self.broadcast.deliver, self.loginThrottle, self._forgetAll
        )

        expiry = Expiry(clock)
        self.identity = Identity(basis, provider, applications, self.dispatch, self.guard, expiry, limits)
        finder = ClientFinder(
            provider,
            self.loginThrottle,
            self.lookups,
            limits,
            clock,
            patience,
            self.identity.loginWaits,
            lambda: self.lifecycle.isRunning,
        )
        login = Login(
            finder,
            self.identity,
            self.dispatch.fire,
            answers,
            lambda: self.keys.name,
            limits,
            counters,
            clock,
        )
        access = Access(policies, backplane, limits, patience)
        subscribe = Subscribe(access, self.delivery.holds, self.presence, self.guard, answers, limits, counters, clock)
        readHistory = ReadHistory(access, answers, limits)
        self.controls = Controls(login, subscribe, readHistory, self.presence, answers)

        incoming = Incoming(self.guard, self.dispatch, self.controls, answers, self.lifecycle, counters, clock)
        self.shared = Shared(
            limits, counters, basis.ledger, basis.peerLog, basis.thread, patience, self.broadcast, incoming.handle
        )
        self.peers = Peers(
            basis,
            self.shared,
            self.guard,
            self.identity,
            incoming,
            self.dispatch,
            self.keys,
            self.presence,
            self.lifecycle,
        )

    def _forgetAll(self) -> None:
        self.keys.forgetAll()
        self.presence.stop()
