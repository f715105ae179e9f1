"""
Delays logins from addresses that sent many wrong tokens.

A connection is closed after its fifth wrong token, but an attacker may open many connections. So wrong tokens are counted by
address too: after L{AT_ONCE} of them the address's next logins wait, and one is decided per L{SECONDS}. They are not
refused, because other people behind the same address may have good tokens.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from ratchet_tx.budget.allowance import Bucket
from ratchet_tx.budget.rate import Rate
from ratchet_tx.deferreds.coroutines import cancel, withResult
from ratchet_tx.errors import PeerError
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.wire.errorcodes import AUTH_INVALID, AUTH_UNAVAILABLE
from ratchet_tx.wire.ipaddresses import isPublic, subscriberOf

#: How many wrong tokens of one address delay nothing: four connections' worth, or an office's after a change of keys.
AT_ONCE = 20

#: After how many seconds one more wrong token is free.
SECONDS = 1.0

#: How many seconds a login waits at most, by default.
MOST_SECONDS = 60.0

_LATER = "Too many logins of this address failed. Try again later."

#: How many addresses are kept before the first look for those that can be forgotten.
_FEW = 1024


class LoginThrottle:
    """
    The wrong tokens that one node received, by address (as L{subscriberOf} says).

    Each address that sent a wrong token has a bucket. Until the bucket is full again, each login of the address takes a
    token out when it begins, and gives it back if its access token is good: else many logins that are decided at the same
    time would count as one.

    @param everywhere: whether loopback and private addresses count too; a proxy may forward many peers from one of them
    @param counters: counts the logins that had to wait, as C{delayed}
    @param clock: measures how long logins wait
    """

    def __init__(self, everywhere: bool, counters: Counters, clock: IReactorTime) -> None:
        self._everywhere = everywhere
        self._counters = counters
        self._clock = clock
        self._rate = Rate(1 / SECONDS, AT_ONCE)
        self._buckets: dict[str, Bucket] = {}
        self._many = _FEW
        self._waiting: set[Deferred[Any]] = set()

    @property
    def waiting(self) -> int:
        """
        How many logins wait.
        """
        return len(self._waiting)

    def decide(
        self,
        address: str,
        find: Callable[[], Any],
        mayWait: bool,
        most: float = MOST_SECONDS,
        waits: Callable[[bool], Any] = lambda isWaiting: None,
        isKnown: bool = False,
    ) -> Any:
        """
        Look up an access token, as soon as it is its address's turn.

        @param find: looks the token up; gives a client or a L{PeerError}, or a Deferred of one of them that never fails
        @param mayWait: whether this login may wait; where not, one that would have to wait is cancelled
        @param most: how many seconds to wait at most. A longer wait is refused at once by a L{PeerError} with the code
            C{auth.unavailable}, which says after how many seconds to try again
        @param waits: called with True when the wait begins, and with False when it is over, or would be too long
        @param isKnown: whether this connection has sent a good token and no wrong one: then it doesn't wait, or others'
            guesses would keep it from renewing its token
        @return: what C{find} gave, or a Deferred of it, which fails only if it is cancelled while it waits
        """
        if not self._everywhere and not isPublic(address):
            return find()
        address = subscriberOf(address)
        now = self._clock.seconds()
        bucket = self._buckets.get(address)
        taken = bucket is not None and bucket.fullAt > now
        wait = self._take(address, now) if taken else 0.0
        if isKnown:
            wait = 0.0
        if wait > most:
            # A refused login holds no token, so no more logins wait than can be decided in that time.
            self._giveBack(address)
            waits(False)
            return PeerError(AUTH_UNAVAILABLE, _LATER, retry=True, after=round(max(SECONDS, wait - most), 3))

        def settle(found: Any) -> Any:
            wrong = isinstance(found, PeerError) and found.code == AUTH_INVALID
            if wrong and not taken:
                self._take(address, self._clock.seconds())
            elif taken and not wrong:
                self._giveBack(address)
            return found

        if wait <= 0:
            return withResult(find(), settle)
        waits(True)
        waiting = self._wait(wait, mayWait)
        waiting.addCallback(lambda _: waits(False))
        waiting.addCallback(lambda _: find())
        return waiting.addBoth(settle)

    def _take(self, address: str, now: float) -> float:
        """
        Take a token out of an address's bucket.

        @return: how many seconds the address's next login has to wait; 0 or less for none
        """
        wait = self._rate.take(self._buckets.setdefault(address, Bucket()), now)
        if len(self._buckets) > self._many:
            self._buckets = {each: bucket for each, bucket in self._buckets.items() if bucket.fullAt > now}
            self._many = max(_FEW, 2 * len(self._buckets))
        return wait

    def _giveBack(self, address: str) -> None:
        if address in self._buckets:
            self._rate.giveBack(self._buckets[address])

    def _wait(self, seconds: float, mayWait: bool) -> Deferred[Any]:
        waiting: Deferred[Any] = Deferred(lambda _: turn.cancel())
        turn = self._clock.callLater(seconds, waiting.callback, None)
        self._counters.delayed += 1
        self._waiting.add(waiting)

        def done(result: Any) -> Any:
            self._waiting.discard(waiting)
            return result

        waiting.addBoth(done)
        if not mayWait:
            waiting.cancel()
        return waiting

    def drop(self) -> None:
        """
        Cancel every login that waits.
        """
        for waiting in tuple(self._waiting):
            cancel(waiting)
