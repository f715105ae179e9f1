"""
Dispatches events to the handlers of applications: those that peers send, and the protocol's own.
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
from ratchet_tx.hub.deduplication import Keys, Outcome
from ratchet_tx.hub.handling import Handlers
from ratchet_tx.interfaces import IHub
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.observers import Observers
from ratchet_tx.settings import Limits
from ratchet_tx.wire.payload import Payload

#: How many handlers of guests' events go on at most whose connections have ended.
MOST_OF_GUESTS = 256


class Dispatch:
    """
    The dispatching of one hub.

    @param answers: reply to peers, and are told what to do when a handler fails
    @param observers: are told of each event that is dispatched
    @param keys: remember the emits that have one
    @param pending: the work that a stop waits for
    @param patience: ends handlers that take too long
    """

    def __init__(
        self,
        answers: Answers,
        observers: Observers,
        keys: Keys,
        pending: Pending,
        limits: Limits,
        counters: Counters,
        patience: Patience,
    ) -> None:
        self._pending = pending
        self._counters = counters
        self._observers = observers
        self._byHappening = observers.byHappening
        self._keys = keys
        self._remembersKeys = limits.dedupSeconds > 0
        self._guestsLeft = 0
        # Bound once, for each event is answered by one of them.
        self._answer, self._note = answers.answer, answers.note
        self._handlers = Handlers(answers.refusalFor, limits.handlerSeconds, patience)
        self._keyed = Handlers(answers.refusalFor, limits.handlerSeconds, patience, always=True, retry=False)
        answers.whenFailed(self._report)

    def serve(self, hub: IHub) -> None:
        """
        Give handlers this hub, which is made after its dispatching.
        """
        self._hub = hub

    def go(self, connection: Connection, payload: Payload[Any], route: Route) -> None:
        """
        Bring a payload to the handlers that it leads to.
        """
        if payload.key is not None and self._remembersKeys:
            return self._once(connection, payload, route)
        self._counters.dispatched += 1
        if Dispatched in self._byHappening:
            self._observers.tell(Dispatched, connection, payload.event)
        work = self._handlers.handle(ConnectionEvent(connection, payload, self._hub), route.listeners, self._answer)
        if work is not None:
            self.goOn(connection, work, route.ordered)

    def goOn(self, connection: Connection, work: Deferred[Any] | None, ordered: bool = True) -> None:
        """
        Let some work for a connection go on.

        @param work: its Deferred, or None where it is done already
        @param ordered: whether the connection's next events wait for it
        """
        if work is None:
            return
        self._pending.add(work)
        if ordered:
            connection.inbox.occupy(work)
        else:
            connection.inbox.accompany(work)

    def _once(self, connection: Connection, payload: Payload[Any], route: Route) -> None:
        """
        Handle an emit that has a key, if it is the first by that; it goes on where its connection ends.
        """

        def begin(outcome: Deferred[Outcome]) -> Deferred[None] | None:
            self._counters.dispatched += 1
            self._observers.tell(Dispatched, connection, payload.event)
            event = ConnectionEvent(connection, payload, self._hub)
            return self._keyed.handle(event, route.listeners, partial(self._keys.answer, outcome))

        work, isFirst = self._keys.handle(connection, payload, begin)
        if work is not None and isFirst:
            self._pending.add(work)
            work = shielded(work, partial(self._abandon, connection, work))
        self.goOn(connection, work, route.ordered)

    def _abandon(self, connection: Connection, work: Deferred[Any]) -> None:
        """
        Let a handler go on whose connection has ended. A client has no more of them than keys; guests come anew by each
        connection, so of theirs only some go on.
        """
        if connection.client is not connection.guest:
            return
        if self._guestsLeft >= MOST_OF_GUESTS:
            cancel(work)
            return
        self._guestsLeft += 1
        work.addBoth(self._guestsOver)

    def _guestsOver(self, result: Any) -> Any:
        self._guestsLeft -= 1
        return result

    def fire(self, connection: Connection, event: str, data: Any) -> Deferred[None] | None:
        """
        Tell the applications of something that happened on a connection, by one of the protocol's own events.

        @return: None, or a Deferred that fires when their handlers are done
        """
        route = connection.ownTable.get(event)
        return None if route is None else self.tell(connection, event, data, route.listeners)

    def tell(self, connection: Connection, event: str, data: Any, listeners: tuple[Listener, ...]) -> Deferred[None] | None:
        """
        Tell some handlers of one of the protocol's own events.

        @return: as of L{fire}
        """
        return self._handlers.handle(ConnectionEvent(connection, Payload(event, data), self._hub), listeners, self._note)

    def announce(self, connection: Connection, event: str, data: Any) -> None:
        """
        Tell the applications as L{fire} does; nothing but a stop waits for it.
        """
        self._pending.add(self.fire(connection, event, data))

    def announceTo(self, listeners: tuple[Listener, ...], connection: Connection, event: str, data: Any) -> None:
        """
        Tell some handlers as L{tell} does; nothing but a stop waits for it.
        """
        self._pending.add(self.tell(connection, event, data, listeners))

    def _report(self, connection: Connection, error: dict[str, Any]) -> None:
        self.announce(connection, "socket.error", error)
