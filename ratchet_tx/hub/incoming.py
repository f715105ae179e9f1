"""
Handles what peers send: decodes each message, charges the rate limit for it, and dispatches its event.
"""

from typing import Any

from twisted.internet.interfaces import IReactorTime

from ratchet_tx.budget.rate import PRICED_BYTES
from ratchet_tx.connections.answers import Answers, loginRequired
from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.coroutines import isDone
from ratchet_tx.errors import PeerError
from ratchet_tx.hub.control import Control, Controls
from ratchet_tx.hub.dispatch import Dispatch
from ratchet_tx.hub.lifecycle import Lifecycle
from ratchet_tx.limits.guard import Guard
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.errorcodes import EVENT_UNKNOWN
from ratchet_tx.wire.names import RESERVED
from ratchet_tx.wire.payload import Head, Payload, decode, decodeHead

#: The events that are handled while the hub stops: handlers that still run may ask their peers.
_WHILE_STOPPING = ("socket.reply",)


class Incoming:
    """
    Handles what the peers of one hub send.

    @param guard: charges the rate limit for each message
    @param dispatch: gives events to the applications
    @param controls: handle the events C{socket.*}
    @param answers: refuse events that nobody handles
    @param lifecycle: tells whether the hub runs
    """

    def __init__(
        self,
        guard: Guard,
        dispatch: Dispatch,
        controls: Controls,
        answers: Answers,
        lifecycle: Lifecycle,
        counters: Counters,
        clock: IReactorTime,
    ) -> None:
        self._guard = guard
        self._dispatch = dispatch
        # Bound once, because nearly every message uses it.
        self._dispatchEvent = dispatch.dispatch
        self._controls = controls.byEvent
        self._answers = answers
        self._lifecycle = lifecycle
        self._counters = counters
        self._clock = clock

    def received(self, connection: Connection, text: bytes, fragments: int = 0) -> None:
        """
        Handle a message from a peer.

        It never raises: if the message is wrong, the peer gets a refusal.

        @param fragments: how many frames it came in; 0 for a single one
        """
        if connection.closing:
            return
        self._counters.received += 1
        now = self._clock.seconds()
        guard = self._guard
        if connection.inbox.busy is not None or fragments or connection.allowance.fullAt > now + guard.slack:
            return self._receivedSlowly(connection, text, fragments, now)
        # The fast path of nearly all messages: a single frame, from a peer that can pay, and no earlier event is handled.
        price = 1 if len(text) < PRICED_BYTES else guard.price(len(text))
        if price > 1 and not guard.canPay(connection.allowance, price, now):
            return self._receivedSlowly(connection, text, 0, now)
        try:
            payload = decode(text)
        except BadPayload as error:
            return guard.refuseBad(connection, error, now, price)
        route = connection.table.get(payload.event)
        if route is None or not self._lifecycle.isRunning:
            return self._receivedControl(connection, payload, now, price)
        if guard.pays(connection, payload, now, price):
            self._dispatchEvent(connection, payload, route)

    def _receivedControl(self, connection: Connection, payload: Payload[Any], now: float, price: int) -> None:
        if not self._lifecycle.isRunning and payload.event not in _WHILE_STOPPING:
            return
        if self._guard.pays(connection, payload, now, price - self._guard.discount(connection, payload)):
            self._handlePayload(connection, payload)

    def _receivedSlowly(self, connection: Connection, text: bytes, fragments: int, now: float) -> None:
        """
        Handle a message that came in fragments, can't be paid for, or has to wait; its data is decoded only when needed.
        """
        guard = self._guard
        price = guard.price(len(text), fragments)
        isNext = connection.inbox.busy is None
        # If it has to wait, it is decoded twice: that takes time, but the bytes take much less memory than the objects.
        atOnce = isNext and guard.canPay(connection.allowance, price, now)
        try:
            head: Any = decode(text) if atOnce else decodeHead(text)
        except BadPayload as error:
            if isNext or not guard.canPay(connection.allowance, price, now):
                return guard.refuseBad(connection, error, now, price)
            # It is refused when its turn comes, because answers are sent in order.
            head = Head("", error.id)
        if not self._lifecycle.isRunning and head.event not in _WHILE_STOPPING:
            return
        if head.event in self._controls:
            price -= guard.discount(connection, head)
        if not guard.pays(connection, head, now, price):
            return
        if atOnce:
            self._handlePayload(connection, head)
        elif isNext or self._isUnordered(connection, head.event):
            self.handle(connection, text)
        elif guard.mayWait(connection, head):
            connection.inbox.add(text)

    def _isUnordered(self, connection: Connection, event: str) -> bool:
        """
        Say whether an event doesn't wait for the one that is being handled.
        """
        route = connection.table.get(event) or self._controls.get(event)
        return route is not None and not route.ordered

    def pinged(self, connection: Connection) -> bool:
        """
        Charge the rate limit for a WebSocket ping, as for an event.

        @return: whether to answer it
        """
        return self._guard.paysForPing(connection, self._clock.seconds())

    def handle(self, connection: Connection, text: bytes) -> None:
        """
        Handle a message whose turn has come, and which is paid for.
        """
        if connection.closing:
            return
        try:
            payload = decode(text)
        except BadPayload as error:
            return self._guard.refuseBad(connection, error, self._clock.seconds(), 0)
        self._handlePayload(connection, payload)

    def _handlePayload(self, connection: Connection, payload: Payload[Any]) -> None:
        """
        Look up who handles a payload's event, now that its turn has come: a login may have changed that.
        """
        if connection.closing:
            return
        route = connection.table.get(payload.event)
        if route is not None:
            return self._dispatchEvent(connection, payload, route)
        control = self._controls.get(payload.event)
        if control is not None:
            self._control(connection, payload, control)
        else:
            self._refuse(connection, payload)

    def _control(self, connection: Connection, payload: Payload[Any], control: Control) -> None:
        try:
            work = control.run(connection, payload)
        except PeerError as refusal:
            return self._answers.refuse(connection, payload.event, payload.id, refusal)
        if work is not None and (control.ordered or not isDone(work)):
            self._dispatch.track(connection, work, control.ordered)

    def _refuse(self, connection: Connection, payload: Payload[Any]) -> None:
        refusal = PeerError(EVENT_UNKNOWN, "Unregistered event")
        if connection.client is None and not payload.event.startswith(RESERVED):
            refusal = loginRequired()
        self._answers.refuse(connection, payload.event, payload.id, refusal)
