"""
Logins that end by themselves: who is logged in by a token that expires is told so shortly before, and closed then; it knows
no token.

A client that doesn't expire costs nothing here, and nothing is left of one that does once its connection has ended.
"""

from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ratchet_tx.connection import Connection
from ratchet_tx.errors import UsageError

#: How long before the end a peer is told, in seconds; but where less than four times that is left at the login, in the
#: last quarter of it.
NOTICE = 30.0

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
    if not isinstance(expires, int | float) or isinstance(expires, bool) or not -_LATEST < expires < _LATEST:
        raise UsageError(
            f"{type(client).__name__}.expires is a time in seconds since 1970, as time.time() gives it, or None, "
            f"not this {type(expires).__name__}."
        )
    return max(0.0, round(expires - now, 3))


class Expiry:
    """
    The logins of one hub that expire.
    """

    def __init__(self) -> None:
        self._timers: dict[Connection, IDelayedCall] = {}

    def watch(self, connection: Connection, client: Any, clock: IReactorTime) -> None:
        """
        Mind the login of a client on a connection, and no earlier one.

        @raise UsageError: as L{secondsLeft} does
        """
        self.forget(connection)
        now = clock.seconds()
        left = secondsLeft(client, now)
        if left is not None:
            announced = left - min(NOTICE, left / 4)
            self._timers[connection] = clock.callLater(announced, self._announce, connection, now + left, clock)

    def forget(self, connection: Connection) -> None:
        """
        Mind a connection no more; nothing happens where that wasn't done.
        """
        timer = self._timers.pop(connection, None)
        if timer is not None:
            timer.cancel()

    def _announce(self, connection: Connection, end: float, clock: IReactorTime) -> None:
        # Reckoned anew: the machine may have slept meanwhile.
        left = max(0.0, round(end - clock.seconds(), 3))
        self._timers[connection] = clock.callLater(left, self._end, connection)
        if connection.version == 2 and not connection.closing:
            connection.send("socket.auth.expiring", {"expires": left})

    def _end(self, connection: Connection) -> None:
        del self._timers[connection]
        connection.close(4003, "Token expired")
