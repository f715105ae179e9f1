"""
Ends logins whose token expires, and warns their peers shortly before.

A client that doesn't expire costs nothing here, and nothing is left of one that does once its connection has ended.
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

#: How long before the end a peer is told, in seconds; but where less than four times that is left at the login, in the
#: last quarter of it.
NOTICE = 30.0

#: After how many seconds at most it is noticed that the time of day was set.
LOOK = 1.0

#: How many logins that are minded no more may stand among the others.
_MANY = 64

#: What lies beyond can't be told from its neighbour as a double.
_LATEST = 2**53


def secondsLeft(client: Any, now: float) -> float | None:
    """
    Say for how long a client may stay logged in.

    On the wire it is this, and not the time at which it ends, for a browser's clock may be wrong by any amount.

    @param client: an L{IClient<ratchet_tx.interfaces.IClient>}, which may have C{expires}
    @param now: the time, in seconds since 1970
    @return: seconds, 0 where it is over; None where it doesn't expire
    @raise UsageError: for a C{expires} that is no time
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
    Read a time: any number, for databases give them as Decimal, or as numbers of numpy's.

    @return: None for what is no time
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

    @ivar end: when, by the time of day
    @ivar next: when something is to be done about it
    @ivar connection: whose it is; None where it is minded no more
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
    The logins of one hub that expire.

    While they wait the time of day may be set, and the machine may sleep, which isn't counted where durations are measured.
    So the time of day is looked at once a second, for all of them.

    @param clock: tells the time of day too
    """

    _log = Logger()

    def __init__(self, clock: LateClock) -> None:
        self._clock = clock
        self._logins: dict[Connection, _Login] = {}
        # A heap of the same, with some that are minded no more.
        self._waiting: list[_Login] = []
        self._timer: IDelayedCall | None = None

    def watch(self, connection: Connection, client: Any) -> None:
        """
        Mind the login of a client on a connection, and no earlier one.

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
            self._wait(now)

    def forget(self, connection: Connection) -> None:
        """
        Mind a connection no more; nothing happens where that wasn't done.
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
            self._stopWaiting()

    def _stopWaiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, now: float) -> None:
        """
        Look again when the first one's time may have come.
        """
        self._stopWaiting()
        if self._logins:
            first = max(0.0, self._waiting[0].next - now)
            self._timer = self._clock.callLater(min(first, LOOK), self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._clock.wall()
        while self._waiting and self._waiting[0].next <= now:
            login = heappop(self._waiting)
            if login.connection is None:
                continue
            try:
                self._goOn(login, login.connection, now)
            except Exception:
                self._log.failure("The callback of an expiring login failed")
        self._wait(now)

    def _goOn(self, login: _Login, connection: Connection, now: float) -> None:
        if login.announced:
            del self._logins[connection]
            return connection.close(EXPIRED, "Token expired")
        login.announced = True
        login.next = login.end
        heappush(self._waiting, login)
        if connection.version == 2 and not connection.closing:
            # Reckoned anew: the machine may have slept meanwhile.
            connection.send("socket.auth.expiring", {"expires": max(0.0, round(login.end - now, 3))})
