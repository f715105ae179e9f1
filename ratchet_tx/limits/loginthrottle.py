"""
Delays logins from addresses that sent many wrong tokens.

A connection is closed after its fifth wrong token, but an attacker opens many connections at once.  So wrong tokens are
counted by address too.  Above L{AT_ONCE} of them the address's next logins wait: one is decided each L{SECONDS}.  They
aren't refused, for somebody else behind the same address may be right.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from ratchet_tx.budget.allowance import Bucket
from ratchet_tx.budget.rate import Rate
from ratchet_tx.deferreds.coroutines import cancel
from ratchet_tx.errors import PeerError
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.wire.errorcodes import AUTH_INVALID, AUTH_UNAVAILABLE
from ratchet_tx.wire.ipaddresses import counted, isPublic

#: How many wrong tokens of one address hold up nobody: those of four connections, or of an office after a change of keys.
AT_ONCE = 20

#: After how many seconds there is one more.
SECONDS = 1.0

#: For how many seconds a login waits at most, where nobody says otherwise.
MOST_SECONDS = 60.0

_LATER = "Too many logins of this address failed. Try again later."

#: How many addresses are remembered before those are looked for that can be forgotten.
_FEW = 1024


class LoginThrottle:
    """
    The wrong tokens of one node.

    An address (as L{counted} says) is remembered by a bucket, which is full when nothing is held against it any more.
    While that is to come, each of its logins takes its place in the measure when it begins, and gives it back if the token
    is good; else many that are decided at the same time would pass as one.  Of who has sent no wrong token nothing is taken.

    @param everywhere: whether loopback and private addresses count too, behind which a proxy may speak for many
    @param counters: where it is counted how many had to wait
    """

    def __init__(self, everywhere: bool, counters: Counters) -> None:
        self._everywhere = everywhere
        self._counters = counters
        self._rate = Rate(1 / SECONDS, AT_ONCE)
        self._buckets: dict[str, Bucket] = {}
        self._many = _FEW
        self._waiting: set[Deferred[Any]] = set()

    def decide(
        self,
        address: str,
        find: Callable[[], Any],
        clock: IReactorTime,
        mayWait: bool,
        most: float = MOST_SECONDS,
        waits: Callable[[bool], Any] = lambda isWaiting: None,
        isKnown: bool = False,
    ) -> Any:
        """
        Have a token looked up, as soon as its address may.

        @param find: looks it up, and gives a client or a L{PeerError}, or a Deferred of one of them, which never fails
        @param mayWait: whether there is time for that; without, who would have to wait is never decided
        @param most: for how many seconds to wait at most. Where it would be longer the answer comes at once: a L{PeerError}
            of the code C{auth.unavailable}, which says after how many seconds to try again
        @param waits: called with True when the wait begins, and with False when it is over, or would be too long
        @param isKnown: whether who asks has shown a good token on this connection, and no wrong one: they wait for
            nobody, or others' guesses would keep it from renewing its token
        @return: what C{find} gave, or a Deferred of it, which fails only where it was cancelled while it waited
        """
        if not self._everywhere and not isPublic(address):
            return find()
        address = counted(address)
        now = clock.seconds()
        bucket = self._buckets.get(address)
        taken = bucket is not None and bucket.fullAt > now
        wait = self._take(address, now) if taken else 0.0
        if isKnown:
            wait = 0.0
        if wait > most:
            # It takes no place from those who wait, so there are never more of them than the measure allows in that time.
            self._giveBack(address)
            waits(False)
            return PeerError(AUTH_UNAVAILABLE, _LATER, retry=True, after=round(max(SECONDS, wait - most), 3))

        def settle(found: Any) -> Any:
            wrong = isinstance(found, PeerError) and found.code == AUTH_INVALID
            if wrong and not taken:
                self._take(address, clock.seconds())
            elif taken and not wrong:
                self._giveBack(address)
            return found

        if wait <= 0:
            found = find()
            return found.addCallback(settle) if isinstance(found, Deferred) else settle(found)
        waits(True)
        waiting = self._wait(wait, clock, mayWait)
        waiting.addCallback(lambda _: waits(False))
        waiting.addCallback(lambda _: find())
        return waiting.addBoth(settle)

    def _take(self, address: str, now: float) -> float:
        """
        Hold one against an address.

        @return: for how many seconds who came last has to wait now; 0 or less where they don't
        """
        wait = self._rate.take(self._buckets.setdefault(address, Bucket()), now)
        if len(self._buckets) > self._many:
            self._buckets = {each: bucket for each, bucket in self._buckets.items() if bucket.fullAt > now}
            self._many = max(_FEW, 2 * len(self._buckets))
        return wait

    def _giveBack(self, address: str) -> None:
        if address in self._buckets:
            self._rate.giveBack(self._buckets[address])

    def _wait(self, seconds: float, clock: IReactorTime, mayWait: bool) -> Deferred[Any]:
        waiting: Deferred[Any] = Deferred(lambda _: turn.cancel())
        turn = clock.callLater(seconds, waiting.callback, None)
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
        Let nobody wait any more: who does is never decided.
        """
        for waiting in tuple(self._waiting):
            cancel(waiting)
