"""
Dispatches a payload to the handlers of applications, or to one of the protocol's own events.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from ratchet_tx.applications.event import ConnectionEvent
from ratchet_tx.applications.routes import Listener, Route
from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.coroutines import cancel, shielded
from ratchet_tx.deferreds.pending import Pending
from ratchet_tx.errors import PeerError
from ratchet_tx.happenings import Dispatched
from ratchet_tx.hub.control import CONTROL, Control
from ratchet_tx.hub.deduplication import KeyedEvent, Keys, Outcome
from ratchet_tx.hub.handling import Handlers
from ratchet_tx.interfaces import IHub
from ratchet_tx.monitoring.observers import Observers
from ratchet_tx.rooms.access import RoomNode
from ratchet_tx.wire.errorcodes import AUTH_REQUIRED, EVENT_UNKNOWN
from ratchet_tx.wire.names import RESERVED
from ratchet_tx.wire.payload import Payload

#: How many handlers of guests' events go on at most whose connections have ended.
MOST_OF_GUESTS = 256


class DispatchNode(RoomNode, Protocol):
    """
    What dispatching needs of the hub.
    """

    observers: Observers
    overdue: bool


class Dispatch:
    """
    The dispatching of one hub.

    @param node: the hub
    @param pending: where work goes whose end is to be waited for when the hub stops
    @param clock: gives the time, called when it is needed
    """

    def __init__(self, node: DispatchNode, pending: Pending, clock: Callable[[], IReactorTime]) -> None:
        self._node = node
        # For handlers, who know it by its interface.
        self._hub = cast(IHub, node)
        self._pending = pending
        self._counters = node.counters
        self._byHappening = node.observers.byHappening
        answers, limits = node.answers, node.limits
        self._keys = Keys(limits.dedupSeconds, node.counters, answers, clock, partial(node.ledger.change, "keys"))
        self._remembersKeys = limits.dedupSeconds > 0
        self._guestsLeft = 0
        self._handlers = Handlers(answers.refusalFor, answers.answer, limits.handlerSeconds, clock)
        self._keyed = Handlers(answers.refusalFor, self._keys.answer, limits.handlerSeconds, clock, always=True, retry=False)
        self._own = Handlers(answers.refusalFor, answers.note, limits.handlerSeconds, clock)

    def turn(self, connection: Connection, payload: Payload[Any]) -> None:
        """
        Handle a payload whose turn has come; a login before it may have changed where it leads to.
        """
        if connection.closing:
            return
        route = connection.table.get(payload.event)
        if route is not None:
            return self.go(connection, payload, route)
        control = CONTROL.get(payload.event)
        if control is not None:
            self._control(connection, payload, control)
        else:
            self._refuse(connection, payload)

    def go(self, connection: Connection, payload: Payload[Any], route: Route) -> None:
        """
        Bring a payload to the handlers that it leads to.
        """
        if payload.key is not None and self._remembersKeys:
            return self._once(connection, payload, route)
        self._counters.dispatched += 1
        if Dispatched in self._byHappening:
            self._node.observers.tell(Dispatched, connection, payload.event)
        work = self._handlers.handle(ConnectionEvent(connection, payload, self._hub), route.listeners)
        if work is not None:
            self._goOn(connection, route, work)

    def _goOn(self, connection: Connection, route: Route, work: Deferred[None] | None) -> None:
        if work is None:
            return
        self._pending.add(work)
        if route.ordered:
            connection.inbox.occupy(work)
        else:
            connection.accompany(work)

    def _once(self, connection: Connection, payload: Payload[Any], route: Route) -> None:
        """
        Handle an emit that has a key, if it is the first by that; it goes on where its connection ends.
        """

        def begin(outcome: Deferred[Outcome]) -> Deferred[None] | None:
            self._counters.dispatched += 1
            self._node.observers.tell(Dispatched, connection, payload.event)
            return self._keyed.handle(KeyedEvent(connection, payload, self._hub, outcome), route.listeners)

        work, isFirst = self._keys.handle(connection, payload, begin)
        if work is not None and isFirst:
            self._pending.add(work)
            work = shielded(work, partial(self._abandon, connection, work))
        self._goOn(connection, route, work)

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

    @property
    def keysName(self) -> str:
        """
        What names the memory of keys.
        """
        return self._keys.name

    @property
    def bytesOfKeys(self) -> int:
        """
        About how many bytes are kept for keys.
        """
        return self._keys.size

    def _refuse(self, connection: Connection, payload: Payload[Any]) -> None:
        refusal = PeerError(EVENT_UNKNOWN, "Unregistered event")
        if connection.client is None and not payload.event.startswith(RESERVED):
            refusal = PeerError(AUTH_REQUIRED, "Log in first")
        self._node.answers.refuse(connection, payload.event, payload.id, refusal)

    def _control(self, connection: Connection, payload: Payload[Any], control: Control) -> None:
        try:
            work = control.run(self._node, connection, payload)
        except PeerError as refusal:
            return self._node.answers.refuse(connection, payload.event, payload.id, refusal)
        if control.ordered or work is None:
            self.occupy(connection, work)
        elif not work.called or work.paused:
            self._pending.add(work)
            connection.accompany(work)

    def occupy(self, connection: Connection, work: Deferred[Any] | None) -> None:
        """
        Let a connection's next events wait for some work.

        @param work: its Deferred, or None where it is done already
        """
        if work is not None:
            self._pending.add(work)
            connection.inbox.occupy(work)

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
        return self._own.handle(ConnectionEvent(connection, Payload(event, data), self._hub), listeners)

    def end(self, connection: Connection) -> None:
        """
        Forget the keys of a connection that has ended, where they were its own.
        """
        self._keys.end(connection)

    def forgetAll(self) -> None:
        """
        Forget every key.
        """
        self._keys.forgetAll()
