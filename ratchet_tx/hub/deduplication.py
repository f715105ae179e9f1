"""
Deduplicates emits by their key: a repeat gets the first reply, and is not handled again.
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
from ratchet_tx.deferreds.once import Once
from ratchet_tx.deferreds.timeouts import Patience, Timeouts
from ratchet_tx.errors import PeerError, UsageError
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.wire.encoding import encodeData
from ratchet_tx.wire.errorcodes import REPLY_LOST
from ratchet_tx.wire.payload import Payload

#: How many keys of one client are remembered.
MOST_KEYS = 256

#: How many bytes the results take together that are remembered of one client.
MOST_BYTES = 1024 * 1024


class Outcome(NamedTuple):
    """
    What the reply to an emit says, whether or not there was one.

    It is kept as JSON, for what a handler gave may change later.

    @ivar result: JSON
    @ivar refusal: counts instead of the result, if there is one; its facts are JSON, too
    @ivar size: how many bytes it takes
    """

    result: msgspec.Raw | None
    refusal: PeerError | None
    size: int


def _lost(message: str) -> Outcome:
    return Outcome(None, PeerError(REPLY_LOST, message), 0)


#: The event was handled, and what came of it isn't known any more.
_DROPPED = _lost("It was handled, and its result is no longer kept")

#: The handler was cancelled before it was done, and what it had done by then nobody knows.
_CANCELLED = _lost("Its handler was cancelled")


class Keys:
    """
    The keys of one hub's clients.

    An anonymous client's are those of its connection, and end with it.

    @param seconds: for how long a key is remembered
    @param patience: gives the time, and forgets what is too old
    @param changed: called with how many bytes more, or less, all keys take
    @ivar name: names what is remembered: random, and another one once all was forgotten
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
        # A client that sends no keys for so long has none that is remembered.
        self._owners: Timeouts[Hashable] = Timeouts(seconds, patience, self._forget)
        self.name = token_urlsafe(6)

    def __len__(self) -> int:
        return len(self._byOwner)

    def bytesOf(self, connection: Connection) -> int:
        """
        Say about how many bytes are kept for the keys of a connection's client.
        """
        once = self._byOwner.get(_ownerOf(connection))
        return 0 if once is None else once.size

    @property
    def size(self) -> int:
        """
        About how many bytes are kept for all keys.
        """
        return sum(once.size for once in self._byOwner.values())

    def handle(
        self, connection: Connection, payload: Payload[Any], begin: Callable[[Deferred[Outcome]], Deferred[None] | None]
    ) -> tuple[Deferred[None] | None, bool]:
        """
        Handle an emit, unless that has been done or is being done: then answer it as the first one.

        @param begin: handles it, as C{Handlers.handle} does, and has it answered by L{answer} with the outcome that it is
            given; this fires when it is handled, and fails where that isn't to be remembered
        @return: None where it is done, else a Deferred that fires when it is, and fails only where it is cancelled; and
            whether it is the first, whose Deferred isn't to be cancelled when its connection ends
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
            # Whoever sent it has been answered.
            outcome.addErrback(lambda _: None)
            return begun[0], True
        self._counters.repeated += 1
        outcome.addCallbacks(self._repeat, self._failed, (connection, payload), {}, (connection, payload))
        return None if outcome.called and not outcome.paused else outcome, False

    def _onceOf(self, connection: Connection) -> Once:
        owner = _ownerOf(connection)
        self._owners.start(owner)
        if owner not in self._byOwner:
            self._byOwner[owner] = Once(
                self._seconds, MOST_KEYS, MOST_BYTES, lambda outcome: outcome.size, _DROPPED, self._changed
            )
        return self._byOwner[owner]

    def _repeat(self, outcome: Outcome, connection: Connection, payload: Payload[Any]) -> None:
        self._answers.reply(connection, payload, outcome.result, outcome.refusal)

    def _failed(self, failure: Failure, connection: Connection, payload: Payload[Any]) -> None:
        # It is cancelled where this one's own connection has ended.
        refusal: Any = failure.value
        if not failure.check(CancelledError):
            self._answers.reply(connection, payload, None, refusal)

    def answer(self, kept: Deferred[Outcome], event: ConnectionEvent[Any], result: Any, refusal: PeerError | None) -> None:
        """
        Answer an event with a key that its handlers are done with, and whoever sent it again meanwhile.

        @param kept: is given the outcome
        @param refusal: counts instead of the result, if there is one
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
            # The handler gave what isn't JSON, or refused with it.
            return _refused(name, self._answers.refusalFor(event, Failure()))

    def end(self, connection: Connection) -> None:
        """
        Forget the keys of a connection's anonymous client.
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
    Say whose a connection's keys are: a client's, by its id, or a guest's connection itself.
    """
    client = connection.client
    return connection if client is None or client is connection.guest else client.id


def _cancelled(_: Failure, outcome: Deferred[Outcome]) -> None:
    if not outcome.called:
        outcome.callback(_CANCELLED)


def _refused(event: str, refusal: PeerError) -> Outcome:
    """
    Keep a refusal without its traceback, which knows everything that the handler had.
    """
    facts = {name: encodeData(event, value) for name, value in refusal.facts.items()}
    kept = PeerError(refusal.code, refusal.message, refusal.retry, **facts)
    return Outcome(None, kept, len(encodeData(event, kept.asJSON())))
