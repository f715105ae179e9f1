"""
Closes connections whose login expires, and warns their peers shortly before.
"""

from decimal import Decimal
from heapq import heapify, heappop, heappush
from numbers import Real
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.lateclock import LateClock
from ratchet_tx.errors import UsageError
from ratchet_tx.wire.closecodes import EXPIRED

#: How many seconds before its login expires a peer is warned; for a login of less than four times that, it is warned when a
#: quarter of the login is left.
NOTICE = 30.0

#: How often the time of day is read, in seconds, because it may have been set.
LOOK = 1.0

#: How many ended logins may be in the heap before they are removed.
_MANY = 64

#: Later times aren't exact as a float.
_LATEST = 2**53


def secondsLeft(client: Any, now: float) -> float | None:
    """
    Compute how long a client may stay logged in.

    The wire has these seconds instead of the time of the end, because a browser's clock may be wrong.

    @param client: an L{IClient<ratchet_tx.interfaces.IClient>}, which may have C{expires}
    @param now: the time, in seconds since 1970
    @return: the seconds, 0 if the login has expired; None if it doesn't expire
    @raise UsageError: for an C{expires} that isn't a time
    """
    expires = getattr(client, "expires", None)
    if expires is None:
        return None
    end = _timeOf(expires)
    if end is None:
        raise UsageError(
            f"{type(client).__name__}.expires is a time in seconds since 1970, as time.time() gives it, or None, "
            f"not this {type(expires).__name__}."
        )
    return max(0.0, round(end - now, 3))


def _timeOf(expires: Any) -> float | None:
    """
    Convert a time to a float. It may be any number, because databases give Decimals or numpy's numbers.

    @return: None for an object that isn't a time
    """
    if not isinstance(expires, Real | Decimal) or isinstance(expires, bool):
        return None
    try:
        end = float(expires)
    except (OverflowError, ValueError):
        return None
    return end if -_LATEST < end < _LATEST else None


class _Login:
    """
    A login that expires.

    @ivar end: when it expires, in seconds since 1970
    @ivar next: when to warn its peer, or to close the connection
    @ivar connection: its connection; None if the login has ended
    @ivar announced: whether the peer was warned
    """

    __slots__ = ("announced", "connection", "end", "next")

    def __init__(self, connection: Connection, end: float, announcement: float) -> None:
        self.connection: Connection | None = connection
        self.end = end
        self.next = announcement
        self.announced = False

    def __lt__(self, other: "_Login") -> bool:
        return self.next < other.next


class Expiry:
    """
    Watches the logins of one hub that expire.

    The time of day may be set meanwhile, and the machine may sleep, which a monotonic clock doesn't count. So the time of
    day is read once a second, for all logins together.

    @param clock: tells the time of day too
    """

    _log = Logger()

    def __init__(self, clock: LateClock) -> None:
        self._clock = clock
        self._logins: dict[Connection, _Login] = {}
        # A heap of the same logins, and of some that have ended.
        self._waiting: list[_Login] = []
        self._timer: IDelayedCall | None = None

    def watch(self, connection: Connection, client: Any) -> None:
        """
        Watch the login of a client on a connection, in place of an earlier one.

        @raise UsageError: as L{secondsLeft} does
        """
        self.forget(connection)
        now = self._clock.wall()
        left = secondsLeft(client, now)
        if left is None:
            return
        login = self._logins[connection] = _Login(connection, now + left, now + left - min(NOTICE, left / 4))
        heappush(self._waiting, login)
        if self._timer is None or self._waiting[0] is login:
            self._schedule(now)

    def forget(self, connection: Connection) -> None:
        """
        Stop watching a connection; nothing happens if it isn't watched.
        """
        login = self._logins.pop(connection, None)
        if login is None:
            return
        login.connection = None
        if len(self._waiting) > _MANY + 2 * len(self._logins):
            self._waiting = [each for each in self._waiting if each.connection is not None]
            heapify(self._waiting)
        if not self._logins:
            self._waiting.clear()
            self._stopTimer()

    def _stopTimer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self, now: float) -> None:
        """
        Check again when the first login may be due.
        """
        self._stopTimer()
        if self._logins:
            first = max(0.0, self._waiting[0].next - now)
            self._timer = self._clock.callLater(min(first, LOOK), self._check)

    def _check(self) -> None:
        self._timer = None
        now = self._clock.wall()
        while self._waiting and self._waiting[0].next <= now:
            login = heappop(self._waiting)
            connection = login.connection
            if connection is None:
                continue
            try:
                self._warnOrClose(login, connection, now)
            except Exception:
                self._log.failure("Warning or closing an expiring login failed: id={id}", id=connection.id)
        self._schedule(now)

    def _warnOrClose(self, login: _Login, connection: Connection, now: float) -> None:
        if login.announced:
            del self._logins[connection]
            return connection.close(EXPIRED, "Token expired")
        login.announced = True
        login.next = login.end
        heappush(self._waiting, login)
        if connection.version == 2 and not connection.closing:
            # Computed again, because the machine may have slept meanwhile.
            connection.send("socket.auth.expiring", {"expires": max(0.0, round(login.end - now, 3))})
