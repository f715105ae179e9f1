"""
Deduplicates events by their key: a repeated event gets the first one's reply, and is not handled again.
"""

from collections.abc import Callable, Hashable
from secrets import token_urlsafe
from typing import Any, NamedTuple

import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from ratchet_tx.applications.event import ConnectionEvent
from ratchet_tx.connections.answers import Answers
from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.coroutines import isDone
from ratchet_tx.deferreds.once import Once
from ratchet_tx.deferreds.timeouts import Patience, Timeouts
from ratchet_tx.errors import PeerError, UsageError
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.wire.encoding import encodeData
from ratchet_tx.wire.errorcodes import REPLY_LOST
from ratchet_tx.wire.payload import Payload

#: How many keys of one client are remembered.
MOST_KEYS = 256

#: How many bytes the remembered results of one client may take together.
MOST_BYTES = 1024 * 1024


class Outcome(NamedTuple):
    """
    The result or the refusal of an event with a key, whether or not the peer asked for a reply.

    It is kept as JSON, because an application may change the object later.

    @ivar result: the result, as JSON
    @ivar refusal: replied instead of the result, if there is one; its facts are JSON, too
    @ivar size: how many bytes it takes
    """

    result: msgspec.Raw | None
    refusal: PeerError | None
    size: int


def _lost(message: str) -> Outcome:
    return Outcome(None, PeerError(REPLY_LOST, message), 0)


#: The event was handled, and its result is dropped, because too many bytes were kept.
_DROPPED = _lost("It was handled, and its result is no longer kept")

#: The handler was cancelled before it was done, so its result isn't known.
_CANCELLED = _lost("Its handler was cancelled")


class Deduplication:
    """
    Remembers the keys that the clients of one hub have used, with the outcomes of their events.

    The keys of an anonymous client are forgotten when its connection ends.

    @param seconds: how long a key is remembered
    @param patience: gives the time, and forgets keys that are too old
    @param changed: called with each change of L{size}
    @ivar name: a random name of this memory, by which a client knows whether its keys are still remembered; it changes when
        all keys are forgotten
    """

    def __init__(
        self,
        seconds: float,
        counters: Counters,
        answers: Answers,
        patience: Patience,
        changed: Callable[[int], Any] = lambda by: None,
    ) -> None:
        self._changed = changed
        self._seconds = seconds
        self._counters = counters
        self._answers = answers
        self._clock = patience.clock
        self._byOwner: dict[Hashable, Once] = {}
        # A client that sends no key for C{seconds} has none left, so its entry is dropped then.
        self._owners: Timeouts[Hashable] = Timeouts(seconds, patience, self._forget)
        self.name = token_urlsafe(6)

    def __len__(self) -> int:
        return len(self._byOwner)

    def bytesOf(self, connection: Connection) -> int:
        """
        Count about how many bytes the keys of a connection's client take.
        """
        once = self._byOwner.get(_ownerOf(connection))
        return 0 if once is None else once.size

    @property
    def size(self) -> int:
        """
        About how many bytes all keys take.
        """
        return sum(once.size for once in self._byOwner.values())

    def handle(
        self, connection: Connection, payload: Payload[Any], begin: Callable[[Deferred[Outcome]], Deferred[None] | None]
    ) -> tuple[Deferred[None] | None, bool]:
        """
        Handle an event with a key; a repeat isn't handled, and gets the first one's reply.

        @param begin: handles the event, as C{Handlers.handle} does, and calls L{answer} with the Deferred that it is given.
            That Deferred fires with the outcome, and fails with a refusal that isn't remembered
        @return: None if it is done, else a Deferred that fires when it is done, and fails only if it is cancelled; and
            whether this is the first event with the key. The Deferred of the first one must not be cancelled when its
            connection ends, because repeats may wait for it
        """
        begun: list[Deferred[None] | None] = []

        def act() -> Deferred[Outcome]:
            outcome: Deferred[Outcome] = Deferred()
            begun.append(begin(outcome))
            if begun[0] is not None:
                begun[0].addErrback(_cancelled, outcome)
            return outcome

        outcome = self._onceOf(connection).do((payload.event, payload.key), act, self._clock.seconds())
        if begun:
            # L{answer} has refused it.
            outcome.addErrback(lambda _: None)
            return begun[0], True
        self._counters.repeated += 1
        outcome.addCallbacks(self._answerRepeat, self._refuseRepeat, (connection, payload), {}, (connection, payload))
        return None if isDone(outcome) else outcome, False

    def _onceOf(self, connection: Connection) -> Once:
        owner = _ownerOf(connection)
        self._owners.start(owner)
        if owner not in self._byOwner:
            self._byOwner[owner] = Once(
                self._seconds, MOST_KEYS, MOST_BYTES, lambda outcome: outcome.size, _DROPPED, self._changed
            )
        return self._byOwner[owner]

    def _answerRepeat(self, outcome: Outcome, connection: Connection, payload: Payload[Any]) -> None:
        self._answers.reply(connection, payload, outcome.result, outcome.refusal)

    def _refuseRepeat(self, failure: Failure, connection: Connection, payload: Payload[Any]) -> None:
        # It is cancelled if the connection of this repeat has ended.
        refusal: Any = failure.value
        if not failure.check(CancelledError):
            self._answers.reply(connection, payload, None, refusal)

    def answer(self, kept: Deferred[Outcome], event: ConnectionEvent[Any], result: Any, refusal: PeerError | None) -> None:
        """
        Answer an event with a key whose handlers are done, and the repeats that wait for it.

        @param kept: fires with the outcome; fails with a refusal that may be retried, which isn't remembered
        @param refusal: replied instead of the result, if there is one
        """
        connection: Connection = event.connection  # type: ignore[assignment]
        outcome = self._outcome(event, result, refusal)
        try:
            self._answers.reply(connection, event.payload, outcome.result, outcome.refusal)
        finally:
            if outcome.refusal is not None and outcome.refusal.retry:
                kept.errback(outcome.refusal)
            else:
                kept.callback(outcome)

    def _outcome(self, event: ConnectionEvent[Any], result: Any, refusal: PeerError | None) -> Outcome:
        name = event.payload.event
        try:
            if refusal is not None:
                return _refused(name, refusal)
            raw = encodeData(name, result)
            return Outcome(raw, None, len(raw))
        except UsageError:
            # The result, or a fact of the refusal, can't be encoded as JSON.
            return _refused(name, self._answers.refusalFor(event, Failure()))

    def end(self, connection: Connection) -> None:
        """
        Forget the keys of an anonymous client whose connection has ended.
        """
        if connection in self._byOwner:
            self._owners.stop(connection)
            self._forget(connection)

    def forgetAll(self) -> None:
        """
        Forget every key.
        """
        for owner in tuple(self._byOwner):
            self._owners.stop(owner)
            self._forget(owner)
        self.name = token_urlsafe(6)

    def _forget(self, owner: Hashable) -> None:
        self._byOwner.pop(owner).forgetAll()


def _ownerOf(connection: Connection) -> Hashable:
    """
    Choose by what a connection's keys are kept: the id of its client, or the connection itself for an anonymous client.
    """
    client = connection.client
    return connection if client is None or connection.isGuest else client.id


def _cancelled(_: Failure, outcome: Deferred[Outcome]) -> None:
    if not outcome.called:
        outcome.callback(_CANCELLED)


def _refused(event: str, refusal: PeerError) -> Outcome:
    """
    Copy a refusal without its traceback, which keeps all variables of the handler alive.
    """
    facts = {name: encodeData(event, value) for name, value in refusal.facts.items()}
    kept = PeerError(refusal.code, refusal.message, refusal.retry, **facts)
    return Outcome(None, kept, len(encodeData(event, kept.asJSON())))
