"""
Finds the client whose token it is: asks the provider, and checks what it gives.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet import defer
from twisted.logger import Logger, LogLevel

from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.coroutines import asDeferred
from ratchet_tx.deferreds.lateclock import LateClock
from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.errors import PeerError, UsageError
from ratchet_tx.interfaces import IClient, IClientProvider
from ratchet_tx.limits.loginthrottle import MOST_SECONDS, LoginThrottle
from ratchet_tx.login.expiry import secondsLeft
from ratchet_tx.login.lookups import Lookups
from ratchet_tx.settings import Limits
from ratchet_tx.wire.errorcodes import AUTH_INVALID, AUTH_UNAVAILABLE
from ratchet_tx.wire.names import isEncodable

#: The reason of the close of a client that the application disconnects.
SENT_AWAY = "Disconnected by the server"

INVALID = PeerError(AUTH_INVALID, "Invalid access token.")
_UNAVAILABLE = PeerError(AUTH_UNAVAILABLE, "Login is not available right now.", retry=True)

_log = Logger()


class ClientFinder:
    """
    The way from a token to its client, on one node.

    @param provider: knows the clients
    @param throttle: lets addresses wait from which wrong tokens came
    @param lookups: remember who is sent away meanwhile
    @param limits: of which C{loginSeconds} is how long a login may take
    @param clock: tells whether a login has expired
    @param waits: called with a connection and whether its login waits for its turn
    @param isRunning: says whether there is time to wait, as there isn't while the hub stops
    """

    def __init__(
        self,
        provider: IClientProvider,
        throttle: LoginThrottle,
        lookups: Lookups,
        limits: Limits,
        clock: LateClock,
        patience: Patience,
        waits: Callable[[Connection, bool], None],
        isRunning: Callable[[], bool],
    ) -> None:
        self._provider = provider
        self._throttle = throttle
        self._lookups = lookups
        self._seconds = limits.loginSeconds
        self._clock = clock
        self._patience = patience
        self._waits = waits
        self._isRunning = isRunning

    def find(self, connection: Connection, token: str) -> Any:
        """
        Ask who somebody is, as soon as the failures of others from their address let them.

        @param token: blank for the anonymous client of the connection
        @return: the client or a refusal, or a Deferred of one of them, which fails only where it is cancelled while it waits
        """
        if not token:
            return self._checked(connection.guest, connection)

        def find() -> Any:
            return _UNAVAILABLE if connection.closing else self._ask(connection, token)

        return self._throttle.decide(
            connection.remoteAddress,
            find,
            self._isRunning(),
            self._seconds or MOST_SECONDS,
            lambda isWaiting: self._waits(connection, isWaiting),
            isKnown=not (connection.client is None or connection.isGuest or connection.failedLogins),
        )

    def _ask(self, connection: Connection, token: str) -> Any:
        """
        Ask the provider, for as long as a login may take.

        @return: the client or a refusal, or a Deferred of one of them, which never fails
        """
        try:
            found = self._provider.findByAccessToken(token)
        except BaseException:
            return unavailable(connection)
        later = asDeferred(found)
        if later is None:
            return self._checked(found, connection)
        self._patience.limit(later, self._seconds)
        lookup = self._lookups.begin()
        later.addCallbacks(self._checked, lambda failure: unavailable(connection, failure), callbackArgs=(connection,))
        return later.addCallback(self._stillWelcome, connection, lookup)

    def _stillWelcome(self, found: Any, connection: Connection, lookup: int) -> Any:
        """
        Close the connection of a client that was disconnected while its token was looked up.
        """
        code = None if isinstance(found, PeerError) else self._lookups.closedWith(lookup, found.id)
        self._lookups.end(lookup)
        if code is not None:
            connection.close(code, SENT_AWAY)
        return found

    def _checked(self, found: Any, connection: Connection) -> Any:
        if found is None:
            return INVALID
        if not isClient(found):
            _logError(
                connection,
                "The client provider gave {id} a {kind}, which is no client: "
                "put @implementer(IClient) above the class, and give it an id that is a text without lone surrogates",
                kind=type(found).__name__,
            )
            return _UNAVAILABLE
        try:
            over = secondsLeft(found, self._clock.wall()) == 0
        except UsageError:
            return unavailable(connection)
        return INVALID if over else found


def unavailable(connection: Connection, failure: Any = None) -> PeerError:
    """
    Log that a provider failed.

    @param failure: how; by default by the exception that is being handled
    @return: what the peer is told
    """
    if connection.ended:
        return _UNAVAILABLE
    if failure is not None and failure.check(defer.TimeoutError):
        _logError(connection, "The client provider took too long for {id}")
    else:
        what = "The client provider failed for {id}"
        connection.peerLog.failure(_log, connection.remoteAddress, what, failure, id=connection.id)
    return _UNAVAILABLE


def _logError(connection: Connection, what: str, **facts: Any) -> None:
    connection.peerLog.emit(_log, LogLevel.error, connection.remoteAddress, what, id=connection.id, **facts)


def isClient(found: Any) -> bool:
    """
    Say whether a provider gave a client.

    It isn't verified in full, which costs more than the rest of a login: what else it lacks, its use will tell.
    """
    id = getattr(found, "id", None)
    return IClient.providedBy(found) and isinstance(id, str) and isEncodable(id)
