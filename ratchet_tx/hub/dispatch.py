"""
Dispatches events to the handlers of applications: events from peers, and C{socket.*} events of the hub.
"""

from functools import partial
from typing import Any

from twisted.internet.defer import Deferred

from ratchet_tx.applications.event import ConnectionEvent
from ratchet_tx.applications.routes import Listener, Route
from ratchet_tx.connections.answers import Answers
from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.coroutines import cancel, shielded
from ratchet_tx.deferreds.pending import Pending
from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.happenings import Dispatched
from ratchet_tx.hub.deduplication import Deduplication, Outcome
from ratchet_tx.hub.handling import Handlers
from ratchet_tx.interfaces import IHub
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.observers import Observers
from ratchet_tx.settings import Limits
from ratchet_tx.wire.payload import Payload

#: How many handlers of anonymous clients may go on after their connections have ended.
MOST_OF_GUESTS = 256


class Dispatch:
    """
    Dispatches the events of one hub.

    @param answers: reply to peers; it fires C{socket.error} here when a handler fails
    @param observers: get a happening for each event that is dispatched
    @param deduplication: remembers the results of events with a key
    @param pending: tracks the work that a stop waits for
    @param patience: ends handlers that take too long
    """

    def __init__(
        self,
        answers: Answers,
        observers: Observers,
        deduplication: Deduplication,
        pending: Pending,
        limits: Limits,
        counters: Counters,
        patience: Patience,
    ) -> None:
        self._pending = pending
        self._counters = counters
        self._observers = observers
        self._byHappening = observers.byHappening
        self._deduplication = deduplication
        self._remembersKeys = limits.dedupSeconds > 0
        self._runningForGuests = 0
        # Bound once, because each event uses one of them.
        self._answer, self._ownEventDone = answers.answer, answers.ownEventDone
        self._handlers = Handlers(answers.refusalFor, limits.handlerSeconds, patience)
        self._keyed = Handlers(answers.refusalFor, limits.handlerSeconds, patience, always=True, retry=False)
        answers.whenFailed(self._reportError)

    def useHub(self, hub: IHub) -> None:
        """
        Set the hub that handlers get; it is made after this part.
        """
        self._hub = hub

    def dispatch(self, connection: Connection, payload: Payload[Any], route: Route) -> None:
        """
        Call the handlers of a peer's event.
        """
        if payload.key is not None and self._remembersKeys:
            return self._dispatchOnce(connection, payload, route)
        self._counters.dispatched += 1
        if Dispatched in self._byHappening:
            self._observers.tell(Dispatched, connection, payload.event)
        work = self._handlers.handle(ConnectionEvent(connection, payload, self._hub), route.listeners, self._answer)
        if work is not None:
            self.track(connection, work, route.ordered)

    def track(self, connection: Connection, work: Deferred[Any] | None, ordered: bool = True) -> None:
        """
        Track work for a connection: the connection's end cancels it, and a stop waits for it.

        @param work: its Deferred, or None if it is done already
        @param ordered: whether the connection's next events wait for it
        """
        if work is None:
            return
        self._pending.add(work)
        if ordered:
            connection.inbox.blockUntil(work)
        else:
            connection.inbox.runBeside(work)

    def _dispatchOnce(self, connection: Connection, payload: Payload[Any], route: Route) -> None:
        """
        Call the handlers of an event with a key, unless the event is a repeat; they go on if the connection ends.
        """

        def begin(outcome: Deferred[Outcome]) -> Deferred[None] | None:
            self._counters.dispatched += 1
            self._observers.tell(Dispatched, connection, payload.event)
            event = ConnectionEvent(connection, payload, self._hub)
            return self._keyed.handle(event, route.listeners, partial(self._deduplication.answer, outcome))

        work, isFirst = self._deduplication.handle(connection, payload, begin)
        if work is not None and isFirst:
            self._pending.add(work)
            work = shielded(work, partial(self._connectionEnded, connection, work))
        self.track(connection, work, route.ordered)

    def _connectionEnded(self, connection: Connection, work: Deferred[Any]) -> None:
        """
        Let a handler go on after its connection has ended.

        The keys of a client limit how many of its handlers go on. Each connection has another anonymous client, so handlers
        of anonymous clients are limited together.
        """
        if not connection.isGuest:
            return
        if self._runningForGuests >= MOST_OF_GUESTS:
            cancel(work)
            return
        self._runningForGuests += 1
        work.addBoth(self._guestsWorkDone)

    def _guestsWorkDone(self, result: Any) -> Any:
        self._runningForGuests -= 1
        return result

    def fire(self, connection: Connection, event: str, data: Any) -> Deferred[None] | None:
        """
        Call the handlers of one of the hub's own events, such as C{socket.open}.

        @return: None, or a Deferred that fires when the handlers are done
        """
        route = connection.ownTable.get(event)
        return None if route is None else self._call(route.listeners, connection, event, data)

    def _call(self, listeners: tuple[Listener, ...], connection: Connection, name: str, data: Any) -> Deferred[None] | None:
        event = ConnectionEvent(connection, Payload(name, data), self._hub)
        return self._handlers.handle(event, listeners, self._ownEventDone)

    def fireInBackground(
        self, connection: Connection, event: str, data: Any, listeners: tuple[Listener, ...] | None = None
    ) -> None:
        """
        Call the handlers of one of the hub's own events; only a stop waits for them.

        @param listeners: the handlers; None for those of the connection's applications
        """
        if listeners is None:
            self._pending.add(self.fire(connection, event, data))
        else:
            self._pending.add(self._call(listeners, connection, event, data))

    def _reportError(self, connection: Connection, error: dict[str, Any]) -> None:
        self.fireInBackground(connection, "socket.error", error)
