"""
Takes in what peers send: reads each message, takes its price, and brings it to who handles it.
"""

from typing import Any

from ratchet_tx.budget.rate import PRICED_BYTES
from ratchet_tx.connections.answers import Answers
from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.lateclock import LateClock
from ratchet_tx.errors import PeerError
from ratchet_tx.hub.control import Control, Controls
from ratchet_tx.hub.dispatch import Dispatch
from ratchet_tx.hub.lifecycle import Lifecycle
from ratchet_tx.limits.guard import Guard
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.errorcodes import AUTH_REQUIRED, EVENT_UNKNOWN
from ratchet_tx.wire.names import RESERVED
from ratchet_tx.wire.payload import Head, Payload, decode, decodeHead

#: What is taken in while the hub stops: nothing new is begun, but what goes on may still ask its peer.
_GOES_ON = ("socket.reply",)


class Incoming:
    """
    What the peers of one hub send.

    @param guard: takes the price of each message
    @param dispatch: brings events to the applications
    @param controls: answer the protocol's own events
    @param answers: refuse what nobody handles
    @param lifecycle: says whether the hub runs
    """

    def __init__(
        self,
        guard: Guard,
        dispatch: Dispatch,
        controls: Controls,
        answers: Answers,
        lifecycle: Lifecycle,
        counters: Counters,
        clock: LateClock,
    ) -> None:
        self._guard = guard
        self._dispatch = dispatch
        # Bound once: it is where messages go.
        self._go = dispatch.go
        self._controls = controls.byEvent
        self._answers = answers
        self._lifecycle = lifecycle
        self._counters = counters
        self._clock = clock

    def received(self, connection: Connection, text: bytes, fragments: int = 0) -> None:
        """
        Take in a message of a peer's.

        It never raises: what is wrong with the message, the peer is told.

        @param fragments: in how many frames it came, where it was in several
        """
        if connection.closing:
            return
        self._counters.received += 1
        now = self._clock.seconds()
        guard = self._guard
        if connection.inbox.busy is not None or fragments or connection.allowance.fullAt > now + guard.slack:
            return self._receivedOther(connection, text, fragments, now)
        # The short way of nearly all messages: whole ones of peers who can pay and wait for nothing.
        price = 1 if len(text) < PRICED_BYTES else guard.price(len(text))
        if price > 1 and not guard.canPay(connection.allowance, price, now):
            return self._receivedOther(connection, text, 0, now)
        try:
            payload = decode(text)
        except BadPayload as error:
            return guard.refuseBad(connection, error, now, price)
        route = connection.table.get(payload.event)
        if route is None or not self._lifecycle.isRunning:
            return self._receivedControl(connection, payload, now, price)
        if guard.pays(connection, payload, now, price):
            self._go(connection, payload, route)

    def _receivedControl(self, connection: Connection, payload: Payload[Any], now: float, price: int) -> None:
        if not self._lifecycle.isRunning and payload.event not in _GOES_ON:
            return
        if self._guard.pays(connection, payload, now, price - self._guard.discount(connection, payload)):
            self._handle(connection, payload)

    def _receivedOther(self, connection: Connection, text: bytes, fragments: int, now: float) -> None:
        """
        Take in a message that came in pieces, can't be paid for, or has to wait: its data is read only when it is needed.
        """
        guard = self._guard
        price = guard.price(len(text), fragments)
        isNext = connection.inbox.busy is None
        # To read it twice costs little, but more than to read it once.
        atOnce = isNext and guard.canPay(connection.allowance, price, now)
        try:
            head: Any = decode(text) if atOnce else decodeHead(text)
        except BadPayload as error:
            if isNext or not guard.canPay(connection.allowance, price, now):
                return guard.refuseBad(connection, error, now, price)
            # It is refused when its turn comes, as all are answered in order.
            head = Head("", error.id)
        if not self._lifecycle.isRunning and head.event not in _GOES_ON:
            return
        if head.event in self._controls:
            price -= guard.discount(connection, head)
        if not guard.pays(connection, head, now, price):
            return
        if atOnce:
            self._handle(connection, head)
        elif isNext or self._overtakes(connection, head.event):
            self.turn(connection, text)
        elif guard.mayWait(connection, head):
            connection.inbox.wait(text)

    def _overtakes(self, connection: Connection, event: str) -> bool:
        """
        Say whether an event doesn't wait for the one that is being handled.
        """
        led = connection.table.get(event) or self._controls.get(event)
        return led is not None and not led.ordered

    def pinged(self, connection: Connection) -> bool:
        """
        Take in a ping of WebSocket's own, which costs what an event costs.

        @return: whether it may be answered
        """
        return self._guard.paysForPing(connection, self._clock.seconds())

    def turn(self, connection: Connection, text: bytes) -> None:
        """
        Handle a message whose turn has come, and whose price is paid.
        """
        if connection.closing:
            return
        try:
            payload = decode(text)
        except BadPayload as error:
            return self._guard.refuseBad(connection, error, self._clock.seconds(), 0)
        self._handle(connection, payload)

    def _handle(self, connection: Connection, payload: Payload[Any]) -> None:
        """
        Bring a payload to who handles it; a login before it may have changed who that is.
        """
        if connection.closing:
            return
        route = connection.table.get(payload.event)
        if route is not None:
            return self._go(connection, payload, route)
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
        if work is not None and (control.ordered or not work.called or work.paused):
            self._dispatch.goOn(connection, work, control.ordered)

    def _refuse(self, connection: Connection, payload: Payload[Any]) -> None:
        refusal = PeerError(EVENT_UNKNOWN, "Unregistered event")
        if connection.client is None and not payload.event.startswith(RESERVED):
            refusal = PeerError(AUTH_REQUIRED, "Log in first")
        self._answers.refuse(connection, payload.event, payload.id, refusal)
