"""
The keys of emits: what a client sends again by the same key is answered as the first was, and not handled again; how it is
handled it doesn't know.
"""

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from ratchet_tx.answers import Answers
from ratchet_tx.connection import Connection
from ratchet_tx.counters import Counters
from ratchet_tx.errors import PeerError, UsageError
from ratchet_tx.event import ConnectionEvent
from ratchet_tx.once import Once
from ratchet_tx.payload import Payload, encodeData
from ratchet_tx.timeouts import Timeouts

#: How many keys of one client are remembered.
MOST_KEYS = 256


class Outcome(NamedTuple):
    """
    What the reply to an emit says, whether or not there was one.

    It is kept as JSON, for what a handler gave may change later.

    @ivar refusal: counts instead of the result, if there is one
    """

    result: msgspec.Raw | None
    refusal: PeerError | None


class KeyedEvent(ConnectionEvent[Any], eq=False):
    """
    What a handler is called with, where the emit has a key.

    @ivar outcome: fires when it is handled, and fails where that isn't to be remembered
    """

    outcome: Deferred[Outcome]


class _Abandoned(Exception):
    """
    An emit's connection ended before it was handled; what its handler had done by then nobody knows.
    """


class Keys:
    """
    The keys of one hub's clients.

    An anonymous client's are those of its connection, and end with it.

    @param seconds: for how long a key is remembered
    @param clock: gives the time, called when it is needed
    """

    def __init__(self, seconds: float, counters: Counters, answers: Answers, clock: Callable[[], IReactorTime]) -> None:
        self._seconds = seconds
        self._counters = counters
        self._answers = answers
        self._clock = clock
        self._byOwner: dict[Hashable, Once] = {}
        # A client that sends no keys for so long has none that is remembered.
        self._owners: Timeouts[Hashable] = Timeouts(seconds, clock, self._forget)

    def __len__(self) -> int:
        return len(self._byOwner)

    def handle(
        self,
        connection: Connection,
        payload: Payload[Any],
        begin: Callable[[Deferred[Outcome]], Deferred[None] | None],
        again: Callable[[], Deferred[None] | None],
    ) -> Deferred[None] | None:
        """
        Handle an emit, unless that has been done or is being done: then answer it as the first one.

        @param begin: handles it, as L{Handlers.handle<ratchet_tx.handlers.Handlers.handle>} does a L{KeyedEvent} with the
            outcome that it is given
        @param again: called where that which was waited for came to nothing, to handle this one instead, as L{handle} does
        @return: None where it is done; else a Deferred that fires when it is, and fails only where it is cancelled
        """
        begun: list[Deferred[None] | None] = []

        def act() -> Deferred[Outcome]:
            outcome: Deferred[Outcome] = Deferred()
            begun.append(begin(outcome))
            if begun[0] is not None:
                begun[0].addErrback(lambda _: outcome.errback(_Abandoned()))
            return outcome

        outcome = self._onceOf(connection).do((payload.event, payload.key), act, self._clock().seconds())
        if begun:
            # Whoever sent it has been answered.
            outcome.addErrback(lambda _: None)
            return begun[0]
        self._counters.repeated += 1
        outcome.addCallbacks(self._repeat, self._failed, (connection, payload), {}, (connection, payload, again))
        return None if outcome.called and not outcome.paused else outcome

    def _onceOf(self, connection: Connection) -> Once:
        owner = connection if connection.client is connection.guest else connection.client.id  # type: ignore[union-attr]
        self._owners.start(owner)
        if owner not in self._byOwner:
            self._byOwner[owner] = Once(self._seconds, MOST_KEYS)
        return self._byOwner[owner]

    def _repeat(self, outcome: Outcome, connection: Connection, payload: Payload[Any]) -> None:
        self._answers.reply(connection, payload, *outcome)

    def _failed(
        self, failure: Failure, connection: Connection, payload: Payload[Any], again: Callable[[], Deferred[None] | None]
    ) -> Deferred[None] | None:
        if isinstance(failure.value, PeerError):
            self._answers.reply(connection, payload, None, failure.value)
            return None
        # What else there is, is that this one's own connection has ended.
        failure.trap(_Abandoned)
        return None if connection.closing else again()

    def answer(self, event: ConnectionEvent[Any], result: Any, refusal: PeerError | None) -> None:
        """
        Answer a L{KeyedEvent} that its handlers are done with, and whoever sent it again meanwhile.

        @param refusal: counts instead of the result, if there is one
        """
        keyed: KeyedEvent = event  # type: ignore[assignment]
        connection: Connection = event.connection  # type: ignore[assignment]
        outcome = self._outcome(event, result, refusal)
        try:
            self._answers.reply(connection, event.payload, *outcome)
        finally:
            if outcome.refusal is not None and outcome.refusal.retry:
                keyed.outcome.errback(outcome.refusal)
            else:
                keyed.outcome.callback(outcome)

    def _outcome(self, event: ConnectionEvent[Any], result: Any, refusal: PeerError | None) -> Outcome:
        name = event.payload.event
        try:
            if refusal is None:
                return Outcome(encodeData(name, result), None)
            encodeData(name, refusal.asJSON())
            return Outcome(None, refusal)
        except UsageError:
            # The handler gave what isn't JSON, or refused with it.
            return Outcome(None, self._answers.refusalFor(event, Failure()))

    def end(self, connection: Connection) -> None:
        """
        Forget the keys of a connection's anonymous client.
        """
        if self._byOwner.pop(connection, None) is not None:
            self._owners.stop(connection)

    def forgetAll(self) -> None:
        """
        Forget every key.
        """
        for owner in tuple(self._byOwner):
            self._owners.stop(owner)
            self._forget(owner)

    def _forget(self, owner: Hashable) -> None:
        del self._byOwner[owner]
