"""
Finds the client of an access token: asks the provider, and checks its answer.
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

#: The close reason for a client that the application disconnects.
DISCONNECTED = "Disconnected by the server"

INVALID = PeerError(AUTH_INVALID, "Invalid access token.")
_UNAVAILABLE = PeerError(AUTH_UNAVAILABLE, "Login is not available right now.", retry=True)

_log = Logger()


class ClientFinder:
    """
    Finds the clients of tokens, on one node.

    @param provider: finds the client of a token
    @param throttle: delays logins from addresses that sent wrong tokens
    @param lookups: remembers clients that are disconnected while their token is looked up
    @param limits: C{loginSeconds} is how long a login may take
    @param clock: tells whether a login has expired
    @param waits: called with a connection and whether its login waits for its turn
    @param isRunning: says whether the hub runs; while it stops, no login waits
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
        Find the client of a token, after the delay for wrong tokens from its address.

        @param token: blank for the anonymous client of the connection
        @return: the client or a refusal, or a Deferred of one of them, which fails only if it is cancelled while it waits
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
        Ask the provider, with a timeout.

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
        return later.addCallback(self._closeIfDisconnected, connection, lookup)

    def _closeIfDisconnected(self, found: Any, connection: Connection, lookup: int) -> Any:
        """
        Close the connection if the client was disconnected while its token was looked up.
        """
        code = None if isinstance(found, PeerError) else self._lookups.closedWith(lookup, found.id)
        self._lookups.end(lookup)
        if code is not None:
            connection.close(code, DISCONNECTED)
        return found

    def _checked(self, found: Any, connection: Connection) -> Any:
        if found is None:
            return INVALID
        if not isClient(found):
            _logError(
                connection,
                "Client provider returned an object that is no client: kind={kind} id={id}; "
                "put @implementer(IClient) above the class, and give it an id that is a text without lone surrogates",
                kind=type(found).__name__,
            )
            return _UNAVAILABLE
        try:
            isExpired = secondsLeft(found, self._clock.wall()) == 0
        except UsageError:
            return unavailable(connection)
        return INVALID if isExpired else found


def unavailable(connection: Connection, failure: Any = None) -> PeerError:
    """
    Log that the provider failed, and make the refusal.

    @param failure: by default the exception that is being handled
    """
    if connection.ended:
        return _UNAVAILABLE
    if failure is not None and failure.check(defer.TimeoutError):
        _logError(connection, "Client provider took too long: id={id}")
    else:
        what = "Client provider failed: id={id}"
        connection.peerLog.failure(_log, connection.remoteAddress, what, failure, id=connection.id)
    return _UNAVAILABLE


def _logError(connection: Connection, what: str, **facts: Any) -> None:
    connection.peerLog.emit(_log, LogLevel.error, connection.remoteAddress, what, id=connection.id, **facts)


def isClient(found: Any) -> bool:
    """
    Say whether an object from a provider is a client.

    Only the interface and the id are checked: verifying the whole interface would take longer than the rest of a login.
    """
    id = getattr(found, "id", None)
    return IClient.providedBy(found) and isinstance(id, str) and isEncodable(id)
