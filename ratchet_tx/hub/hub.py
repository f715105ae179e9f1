"""
The hub: where connections, applications, clients and other nodes meet.

A transport calls L{Hub.opened}, L{Hub.received} and L{Hub.closed}, which go to the applications. What applications emit goes
through the backplane to the L{Hub.deliver} of every node.
"""

from collections.abc import Callable, Collection
from threading import get_ident
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ratchet_tx.applications.registry import REPLACED, Applications
from ratchet_tx.applications.timers import Timers
from ratchet_tx.applications.verify import requireProvided
from ratchet_tx.backplane.memory import MemoryBackplane
from ratchet_tx.backplane.messages import Absent, Deliver, Disconnect, Leave, Message, Present
from ratchet_tx.budget.ledger import Ledger
from ratchet_tx.budget.rate import PRICED_BYTES
from ratchet_tx.connections.answers import Answers
from ratchet_tx.connections.connection import Connection, checkCloseCode
from ratchet_tx.deferreds.clock import SteadyClock, steady, wallTime
from ratchet_tx.deferreds.coroutines import asDeferred
from ratchet_tx.deferreds.pending import Pending
from ratchet_tx.deferreds.threads import OwnThread, waitFor
from ratchet_tx.deferreds.timeouts import Patience, Timeouts
from ratchet_tx.errors import UsageError
from ratchet_tx.happenings import Closed, LoggedIn, LoginFailed, Opened
from ratchet_tx.hub.control import CONTROL
from ratchet_tx.hub.directory import Directory
from ratchet_tx.hub.dispatch import Dispatch
from ratchet_tx.hub.fanout import Delivery
from ratchet_tx.hub.lifecycle import Stopping
from ratchet_tx.hub.published import Position, Published
from ratchet_tx.interfaces import (
    IAnonymousClientProvider,
    IBackplane,
    IClient,
    IClientProvider,
    IHub,
    IMemory,
    IRequest,
    ITransport,
)
from ratchet_tx.limits.guard import Guard
from ratchet_tx.limits.loginthrottle import LoginThrottle
from ratchet_tx.limits.memorylimit import MemoryLimit
from ratchet_tx.login.clients import AnonymousClientProvider, issueAccessToken
from ratchet_tx.login.expiry import Expiry
from ratchet_tx.login.login import SENT_AWAY, isClient
from ratchet_tx.login.lookups import Lookups
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.log import Journal
from ratchet_tx.monitoring.observers import Observer, Observers
from ratchet_tx.monitoring.peerlog import UNKNOWN_ADDRESS, PeerLog
from ratchet_tx.rooms.presence import Presence
from ratchet_tx.settings import Settings
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.closecodes import KICKED, NOT_LOGGED_IN, OUR_FAULT, RECONNECT_CODES
from ratchet_tx.wire.encoding import encodeData
from ratchet_tx.wire.frames import Spare
from ratchet_tx.wire.names import checkEvent, checkName, checkText
from ratchet_tx.wire.payload import Head, Payload, decode, decodeHead

#: What is taken in while we take leave: nothing new is begun, but what goes on may still ask its peer.
_GOES_ON = ("socket.reply",)


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
    @ivar strangers: whom we wait for to log in, until their time is over
    @ivar spares: what may be left out for slow peers, by event, as L{Applications.registerEvent} was told
    @ivar ledger: how many bytes are kept because of peers, and what for
    @ivar peerLog: what logs what peers cause
    @ivar journal: what logs who comes and goes, once it observes that
    @ivar patience: the clock, for time-outs of what has to come from outside
    @ivar overdue: whether the last stop took too long, and something was dropped
    """

    name = "ratchet"

    _log = Logger()

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
        self.thread = OwnThread()
        self.timers = Timers(self.applications.registry, thread=self.thread)
        self.spares = self.applications.whenSlow
        self.counters = Counters()
        self._directory = Directory()
        self.ledger = Ledger()
        self._memoryLimit = MemoryLimit(self.ledger, self.counters, self.backplane, self._directory.all, lambda: self.clock)
        self.ledger.whenFull(self._memoryLimit.schedule)
        self.peerLog = PeerLog(lambda: self.clock, self.counters)
        self.journal = Journal(self.peerLog)
        self.observers = Observers(self.peerLog)
        self.answers = Answers(self.counters, self.observers, self._report)
        self._clock: IReactorTime | None = None
        # Bound once, for every message asks for the time.
        self._now: Callable[[], float] = lambda: self.clock.seconds()
        self._wall: Callable[[], float] = lambda: wallTime(self.clock)()
        self._reactor: Any = None
        if clock is not None:
            self.provideClock(clock)
        self.patience = Patience(lambda: self.clock)
        self._attached: set[object] = set()
        self._delivery = Delivery(self.counters, self.spares)
        self.holds = self._delivery.holds
        self._pending = Pending(self._workFailed)
        self._stopping: Stopping | None = None
        self.overdue = False
        self.letsGuestsIn = IAnonymousClientProvider.providedBy(self.clientProvider)
        self._expiry = Expiry(lambda: self.clock, self.wall)
        self._isSettled = settings is not None
        self._obey(Settings() if settings is None else settings)

    def _obey(self, settings: Settings) -> None:
        """
        Make whatever is made of the settings.
        """
        settings.limits.check()
        self.settings = settings
        self.limits = settings.limits
        self.ledger.limit = self.limits.processBytes
        self.peerLog.limit(self.limits.logBytesPerMinute)
        self.presence = Presence(
            self.limits.presenceSeconds,
            self.patience,
            self.backplane,
            self.publish,
            self._delivery.spread,
            self.ledger,
            self.peerLog,
        )
        self._dispatch = Dispatch(self, self._pending, self.patience)
        # Bound once, too: it is where messages go.
        self._go, self._turn = self._dispatch.go, self._dispatch.turn
        self.strangers: Timeouts[Connection] = Timeouts(self.limits.loginSeconds, self.patience, self._loginTimeOut)
        self.guard = Guard(settings, self.counters, self.answers, guests=self.letsGuestsIn)
        self.lookups = Lookups()
        self.loginThrottle = LoginThrottle(settings.trustForwarded > 0, self.counters)

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

    # Starting and stopping

    @property
    def clock(self) -> IReactorTime:
        """
        Who tells the time by which everything here is measured; it never steps.

        @raise UsageError: while nobody does
        """
        if self._clock is None:
            raise UsageError(
                "The hub has no clock yet: serve it by RatchetServerFactory, RatchetResource or makeService, "
                "or make it with Hub(clock=reactor)."
            )
        return self._clock

    def provideClock(self, clock: IReactorTime) -> None:
        """
        Tell a hub the time that was made without a clock; nothing happens where it has one.
        """
        if self._clock is None:
            self._reactor = clock
            self._clock = steady(clock)
            self._now = self._clock.seconds
            self._wall = wallTime(self._clock)

    def wall(self) -> float:
        """
        Tell the time of day, in seconds since 1970, by which clients expire.

        @raise UsageError: while nobody tells the time
        """
        return self._wall()

    def attach(self, server: object, clock: IReactorTime) -> None:
        """
        Begin to be served: the first server starts the hub.

        @param server: who serves it, to be named again to L{detach}
        @param clock: the server's reactor, for a hub that was made without one
        """
        self.provideClock(clock)
        self._reactor = clock
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
        if self.running:
            return
        if self._stopping is not None:
            raise UsageError("The hub is still stopping: wait for the Deferred that stopService() gave.")
        self.thread.started(self._reactor)
        self.timers.clock = self.clock
        super().startService()  # type: ignore[no-untyped-call]
        if IMemory.providedBy(self.backplane):
            # The other half is for who is here.
            self.backplane.limitHistories(-(-self.limits.processBytes // 2), self._countHistories)
            self._countHistories(self.backplane.historyBytes)
        self._pending.add(asDeferred(self.backplane.start(self.deliver, self.clock)))
        self.timers.startService()
        if self.applications.isEmpty():
            self._log.warn(
                "No application is registered, so every event is refused: "
                "name one by --application, or call hub.applications.add()"
            )

    def stopService(self) -> Deferred[None]:
        """
        Take leave of all peers, once what they have sent is handled, and wait for whatever still goes on: for the limit
        C{drainSeconds} at most, after which it is dropped.

        @return: a Deferred that fires then, and never fails; a second call waits for the same
        """
        if self._stopping is None and not self.running:
            return succeed(None)
        if self._stopping is None:
            self.overdue = False
            self._stopping = Stopping(self.timers.stopService(), self._pending, self._abortAll, self._stopped)
            self._takeLeave(self._stopping)
        # It may be over by now.
        return succeed(None) if self._stopping is None else self._stopping.whenEnded()

    def abandon(self) -> None:
        """
        Stop at once: drop all peers, cancel whatever goes on, and wait for nothing.
        """
        self.stopService()
        if self._stopping is not None:
            self.overdue = True
            self._stopping.abandon()

    def _takeLeave(self, stopping: Stopping) -> None:
        super().stopService()  # type: ignore[no-untyped-call]
        self.loginThrottle.drop()
        for connection in self.connections:
            self._drain(connection)
        if self.limits.drainSeconds:
            stopping.limit(self.limits.drainSeconds, self.patience)
        self._checkAllGone()

    def _drain(self, connection: Connection) -> None:
        try:
            connection.drain()
        except Exception:
            self._log.failure("Draining a connection failed, it is dropped: id={id}", id=connection.id)
            connection.transport.abort()

    def _checkAllGone(self) -> None:
        if self._stopping is not None and not len(self._directory):
            self._stopping.allGone()

    def _workFailed(self, failure: Failure) -> None:
        self.peerLog.failure(self._log, UNKNOWN_ADDRESS, "Work for a peer failed", failure)

    def _abortAll(self) -> None:
        self.overdue = True
        for connection in self.connections:
            connection.transport.abort()

    def _stopped(self) -> Deferred[Any] | None:
        self._stopping = None
        self._dispatch.forgetAll()
        self.presence.stop()
        self._memoryLimit.stop()
        self.peerLog.stop()
        self._countHistories(-self.ledger.parts["histories"])
        if isinstance(self._clock, SteadyClock):
            self._clock.stopIfIdle()
        return asDeferred(self.backplane.stop())

    def _countHistories(self, by: int) -> None:
        self.ledger.change("histories", by)

    # What a transport tells

    def permit(self, address: str) -> bool:
        """
        Decide whether one more peer may come in.

        @param address: its IP address
        """
        return not self.closedBy(address)

    def closedBy(self, address: str) -> str:
        """
        Say in the log's words why no more peers may come in; blank where one more may.

        @param address: its IP address
        @return: C{limit=} and the limit's name, or C{why=}
        """
        if not self.running:
            return 'why="the hub does not run, or stops"'
        if self.ledger.isFull:
            self.counters.full["processBytes.refused"] += 1
            return f"limit=processBytes of={self.ledger.limit}"
        reached = self.guard.reached(address, len(self._directory))
        return f"limit={reached} of={getattr(self.limits, reached)}" if reached else ""

    def countConnections(self) -> int:
        """
        Say how many connections there are.
        """
        return len(self._directory)

    def opened(self, transport: ITransport, request: IRequest, remoteAddress: str) -> Connection:
        """
        Take a peer in, whose handshake has been accepted.

        @param remoteAddress: its IP address
        @return: what to name in L{received} and L{closed}
        """
        connection = Connection(self, transport, request, remoteAddress)
        self._directory.add(connection)
        self.guard.add(connection)
        connection.since = connection.heard = self.clock.seconds()
        self.counters.opened += 1
        connection.keeps("handshake", request.size)
        if self.letsGuestsIn:
            self._letIn(connection)
        else:
            self._awaitLogin(connection)
        self.observers.tell(Opened, connection)
        self._dispatch.occupy(connection, self.fire(connection, "socket.open", None))
        return connection

    def _letIn(self, connection: Connection) -> None:
        try:
            guest = IAnonymousClientProvider(self.clientProvider).anonymousClient()
            if not isClient(guest):
                raise UsageError(f"{type(guest).__name__} is no client with an id that is a text without lone surrogates.")
            self._expiry.watch(connection, guest)
        except BaseException:
            what = "The client provider has no anonymous client for {id}"
            self.peerLog.failure(self._log, connection.remoteAddress, what, id=connection.id)
            return connection.close(OUR_FAULT, "Internal error")
        connection.guest = guest
        connection.freeSubscribes = self.limits.rooms
        self._become(connection, guest)

    def _awaitLogin(self, connection: Connection) -> None:
        self._makeTables(connection)
        self.strangers.start(connection)

    def _loginTimeOut(self, connection: Connection) -> None:
        connection.close(NOT_LOGGED_IN, "Not logged in in time")

    def received(self, connection: Connection, text: bytes, fragments: int = 0) -> None:
        """
        Take in a message of a peer's.

        It never raises: what is wrong with the message, the peer is told.

        @param fragments: in how many frames it came, where it was in several
        """
        if connection.closing:
            return
        self.counters.received += 1
        now = connection.heard = self._now()
        guard = self.guard
        if connection.inbox.busy is not None or fragments or connection.fullAt > now + guard.slack:
            return self._receivedOther(connection, text, fragments, now)
        # The short way of nearly all messages: whole ones of peers who can pay and wait for nothing.
        price = 1 if len(text) < PRICED_BYTES else guard.price(len(text))
        if price > 1 and not guard.canPay(connection, price, now):
            return self._receivedOther(connection, text, 0, now)
        try:
            payload = decode(text)
        except BadPayload as error:
            return guard.refuseBad(connection, error, now, price)
        route = connection.table.get(payload.event)
        if route is None or not self.running:
            return self._receivedControl(connection, payload, now, price)
        if guard.pays(connection, payload, now, price):
            self._go(connection, payload, route)

    def _receivedControl(self, connection: Connection, payload: Payload[Any], now: float, price: int) -> None:
        if not self.running and payload.event not in _GOES_ON:
            return
        if self.guard.pays(connection, payload, now, price - self.guard.discount(connection, payload)):
            self._turn(connection, payload)

    def _receivedOther(self, connection: Connection, text: bytes, fragments: int, now: float) -> None:
        """
        Take in a message that came in pieces, can't be paid for, or has to wait: its data is read only when it is needed.
        """
        guard = self.guard
        price = guard.price(len(text), fragments)
        isNext = connection.inbox.busy is None
        # To read it twice costs little, but more than to read it once.
        atOnce = isNext and guard.canPay(connection, price, now)
        try:
            head: Any = decode(text) if atOnce else decodeHead(text)
        except BadPayload as error:
            if isNext or not guard.canPay(connection, price, now):
                return guard.refuseBad(connection, error, now, price)
            # It is refused when its turn comes, as all are answered in order.
            head = Head("", error.id)
        if not self.running and head.event not in _GOES_ON:
            return
        if head.event in CONTROL:
            price -= guard.discount(connection, head)
        if not guard.pays(connection, head, now, price):
            return
        if atOnce:
            self._turn(connection, head)
        elif isNext or self._overtakes(connection, head.event):
            self.turn(connection, text)
        elif guard.mayWait(connection, head):
            connection.enqueue(text)

    def _overtakes(self, connection: Connection, event: str) -> bool:
        """
        Say whether an event doesn't wait for the one that is being handled.
        """
        led = connection.table.get(event) or CONTROL.get(event)
        return led is not None and not led.ordered

    def pinged(self, connection: Connection) -> bool:
        """
        Take in a ping of WebSocket's own, which costs what an event costs.

        @return: whether it may be answered
        """
        now = connection.heard = self.clock.seconds()
        return self.guard.paysForPing(connection, now)

    def turn(self, connection: Connection, text: bytes) -> None:
        """
        Handle a message whose turn has come, and whose price is paid.
        """
        if connection.closing:
            return
        try:
            payload = decode(text)
        except BadPayload as error:
            return self.guard.refuseBad(connection, error, self._now(), 0)
        self._turn(connection, payload)

    def closed(self, connection: Connection, code: int, reason: str, clean: bool) -> None:
        """
        Part with a peer that is gone; what went on for it is cancelled.

        @param code: the close code; 1006 where there was none because the peer was lost
        @param reason: what was said with it
        @param clean: whether both sides took leave
        """
        if connection.ended:
            return
        self.guard.remove(connection)
        self.strangers.stop(connection)
        self._expiry.forget(connection)
        if connection.mayBeBack(clean):
            self.presence.lost(connection)
        connection.end()
        self._dispatch.end(connection)
        self._directory.remove(connection)
        self.counters.closed += 1
        if connection.closedWith is not None:
            code, reason = connection.closedWith
        self._pending.add(self.fire(connection, "socket.close", {"code": code, "reason": reason, "clean": clean}))
        self.observers.tell(Closed, connection, code, reason, clean, self.clock.seconds() - connection.since)
        self._checkAllGone()

    # To the applications

    def fire(self, connection: Connection, event: str, data: Any) -> Deferred[None] | None:
        """
        Tell the applications of something that happened on a connection, by one of the protocol's own events.

        @return: None, or a Deferred that fires when their handlers are done
        """
        return self._dispatch.fire(connection, event, data)

    def _report(self, connection: Connection, error: dict[str, Any]) -> None:
        self._pending.add(self.fire(connection, "socket.error", error))

    @property
    def keysName(self) -> str:
        """
        What names the memory of keys: another one has none of this one's.
        """
        return self._dispatch.keysName

    @property
    def bytesOfKeys(self) -> int:
        """
        About how many bytes are kept for keys, of all clients.
        """
        return self._dispatch.bytesOfKeys

    # Who is who

    def issueAccessToken(self, client: IClient) -> Any:
        return issueAccessToken(self.clientProvider, client)

    def loggedIn(self, connection: Connection, client: IClient) -> bool:
        """
        Make somebody the client of a connection: where it is another than before, the rooms of that one are left.

        @return: whether the connection is still there, which may end by what applications do about it
        """
        before = connection.client
        if not self._endReplaced(connection, client):
            return False
        self.counters.logins += 1
        self.strangers.stop(connection)
        self._expiry.watch(connection, client)
        self._become(connection, client)
        if before is None or client.id != before.id:
            self.guard.giveSubscribes(connection, self.clock.seconds())
            self.guard.closeOneTooMany([each for each in self._directory.clients.members(client.id) if not each.closing])
        self.observers.tell(LoggedIn, connection)
        return not connection.ended

    def _endReplaced(self, connection: Connection, client: IClient) -> bool:
        """
        Tell the applications that were made for a connection's last client that another one comes.

        @return: whether the connection is still to be logged in then
        """
        adapted = connection.adapted
        kept = None if adapted is None else self.applications.kept(adapted, client, connection)
        if adapted is not None and kept is not None and len(kept.made) < len(adapted.made):
            # What may end the connection now isn't told once more to those that end.
            connection.adapted = kept if kept.made else None
            connection.table, connection.ownTable = kept.table
            if connection.client is None or client.id != connection.client.id:
                connection.leaveAll()
            self._pending.add(self._dispatch.tell(connection, "socket.close", dict(REPLACED), adapted.closing(kept.made)))
        return not connection.closing

    def waits(self, connection: Connection, isWaiting: bool) -> None:
        """
        Note that a login waits for its turn, which is no part of a stranger's time, or waits no more.
        """
        if connection.client is not None or connection.closing:
            return
        if isWaiting:
            self.strangers.stop(connection)
        else:
            self.strangers.start(connection)

    def loginFailed(self, connection: Connection, code: str) -> None:
        """
        Note that a login was refused.

        @param code: why
        """
        self.observers.tell(LoginFailed, connection, code)

    def _become(self, connection: Connection, client: IClient) -> None:
        if connection.client is None:
            self.guard.loggedIn(connection)
        self._directory.become(connection, client)
        self._makeTables(connection)

    def _makeTables(self, connection: Connection) -> None:
        adapted = self.applications.adapt(connection.client, connection, connection.adapted)
        connection.table, connection.ownTable = adapted.table
        connection.adapted = adapted if adapted.made else None
        if connection.ended:
            # They were made too late to hear it.
            self._pending.add(self._dispatch.tell(connection, "socket.close", dict(REPLACED), adapted.closing()))

    # To many, on every node

    @property
    def connections(self) -> tuple[Connection, ...]:
        return self._directory.all()

    def emit(self, event: str, data: Any = None, room: str | None = None, client: str | None = None) -> Any:
        checkEvent(event)
        checkText(event, "the name of an event")
        if room is not None:
            checkName(room, "a room")
        if client is not None:
            _checkId(client)
        # What is for one client isn't the room's, whose others would miss its number.
        keep = self.applications.policies.keep(room) if room is not None and client is None else None
        self._requireThread("emit")
        published = self.publish(Deliver(event, encodeData(event, data), room, client, keep=keep))
        # A Deferred of its own, for callers add callbacks to it.
        return succeed(None) if published is None else published.addCallback(_asPosition)

    def publishFromThread(
        self, event: str, data: Any = None, room: str | None = None, client: str | None = None, timeout: float | None = 10
    ) -> Any:
        return waitFor(lambda: self.emit(event, data, room, client), self._reactor, timeout)

    def disconnect(self, clientId: str, code: int = KICKED) -> None:
        checkCloseCode(code)
        _checkId(clientId)
        self._requireThread("disconnect")
        self.publish(Disconnect(clientId, code))

    def leave(self, clientId: str, room: str) -> None:
        checkName(room, "a room")
        _checkId(clientId)
        self._requireThread("leave")
        self.publish(Leave(clientId, room))

    def members(self, room: str) -> Deferred[dict[str, Any]]:
        checkName(room, "a room")
        self._requireThread("members")
        return Deferred.fromCoroutine(self.presence.members(room, tuple(self._directory.rooms.members(room))))

    def publish(self, message: Message) -> Deferred[Any] | None:
        """
        Send a message to every node, this one too.

        @return: what the backplane gives; a failure that nobody waits for is counted
        """
        try:
            published = self.backplane.publish(message)
        except Exception:
            return Published(Failure(), self.counters)
        return None if published is None else Published(published, self.counters)

    def _requireThread(self, call: str) -> None:
        if get_ident() != self.thread.ident:
            instead = "hub.publishFromThread" if call == "emit" else f"reactor.callFromThread(hub.{call}, ...)"
            self.thread.require(f"hub.{call}", f"{instead} (events go out from any thread by hub.publishFromThread)")

    def deliver(self, message: Message) -> None:
        """
        Do what a message says, for the connections of this node.
        """
        if isinstance(message, Deliver):
            return self._delivery.deliver(message, self._directory.receivers(message))
        if isinstance(message, Present | Absent):
            return self.presence.received(message)
        if isinstance(message, Disconnect):
            return self._disconnected(message)
        for connection in tuple(self._directory.clients.members(message.client)):
            connection.leave(message.room)
        self.presence.sentAway(message.client, message.room)

    def _disconnected(self, message: Disconnect) -> None:
        self.lookups.disconnected(message.client, message.code)
        for connection in tuple(self._directory.clients.members(message.client)):
            connection.close(message.code, SENT_AWAY)
        if message.code not in RECONNECT_CODES:
            self.presence.sentAway(message.client)

    def spare(self, event: str, room: str | None = None) -> Spare | None:
        """
        Say whether an event may be left out for a slow peer.
        """
        return self._delivery.spare(event, room)

    def joined(self, connection: Connection, room: str) -> None:
        """
        Note that a connection is in a room now.
        """
        if self._directory.rooms.join(room, connection):
            self.backplane.subscribe(room)

    def left(self, connection: Connection, rooms: Collection[str]) -> None:
        """
        Note that a connection is no longer in some rooms.
        """
        for room in rooms:
            if self._directory.rooms.leave(room, connection):
                self.backplane.unsubscribe(room)
        self.presence.left(connection, rooms)

    # Those who watch

    def observe(self, observer: Observer, happening: type) -> None:
        self.observers.add(observer, happening)


def _asPosition(published: Any) -> Position | None:
    """
    Say where an event is in its room's history, whatever pair the backplane gave.
    """
    return None if published is None else Position(*published)


def _checkId(clientId: Any) -> None:
    if not isinstance(clientId, str):
        raise UsageError(f"A client is named by its id, a text, not {type(clientId).__name__}.")
    checkText(clientId, "a client's id")
