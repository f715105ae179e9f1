"""
Gives each connection its client: none before the login, an anonymous one, or the one that logs in.
"""

from twisted.logger import Logger

from ratchet_tx.applications.registry import Applications
from ratchet_tx.applications.routes import Listener
from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.timeouts import Timeouts
from ratchet_tx.errors import UsageError
from ratchet_tx.happenings import LoggedIn, LoginFailed
from ratchet_tx.hub.basis import Basis
from ratchet_tx.hub.dispatch import Dispatch
from ratchet_tx.interfaces import IAnonymousClientProvider, IClient, IClientProvider
from ratchet_tx.limits.guard import Guard
from ratchet_tx.login.expiry import Expiry
from ratchet_tx.login.finder import isClient
from ratchet_tx.settings import Limits
from ratchet_tx.wire.closecodes import DONE, NOT_LOGGED_IN, OUR_FAULT

#: The data of the C{socket.close} that applications get when another client logs in on their connection.
_REPLACED = {"code": DONE, "reason": "Another login", "clean": True}


class Identity:
    """
    The clients of one hub's connections.

    @param provider: makes the anonymous clients, if there are any
    @param applications: makes the applications of each client
    @param dispatch: tells replaced applications that their client is gone
    @param guard: counts strangers, and the connections of each client
    @param expiry: ends logins whose token expires
    @ivar allowsGuests: whether a peer that doesn't log in has an anonymous client
    @ivar strangers: the timeouts of the connections that have to log in
    """

    _log = Logger()

    def __init__(
        self,
        basis: Basis,
        provider: IClientProvider,
        applications: Applications,
        dispatch: Dispatch,
        guard: Guard,
        expiry: Expiry,
        limits: Limits,
    ) -> None:
        self._basis = basis
        self._directory = basis.directory
        self._observers = basis.observers
        self._provider = provider
        self._applications = applications
        self._dispatch = dispatch
        self._guard = guard
        self._expiry = expiry
        self.allowsGuests = IAnonymousClientProvider.providedBy(provider)
        self.strangers: Timeouts[Connection] = Timeouts(limits.loginSeconds, basis.patience, _closeStranger)

    def opened(self, connection: Connection) -> None:
        """
        Give a new connection its anonymous client, or the time to log in.
        """
        if self.allowsGuests:
            return self._becomeGuest(connection)
        connection.awaitsLogin()
        self._makeApplications(connection)
        self.strangers.start(connection)

    def _becomeGuest(self, connection: Connection) -> None:
        try:
            guest = IAnonymousClientProvider(self._provider).anonymousClient()
            if not isClient(guest):
                raise UsageError(f"{type(guest).__name__} is no client with an id that is a text without lone surrogates.")
            self._expiry.watch(connection, guest)
        except BaseException:
            what = "Client provider gave no anonymous client: id={id}"
            self._basis.peerLog.failure(self._log, connection.remoteAddress, what, id=connection.id)
            return connection.close(OUR_FAULT, "Internal error")
        self._guard.openedAsGuest(connection)
        self._setClient(connection, guest, isGuest=True)

    def loggedIn(self, connection: Connection, client: IClient) -> bool:
        """
        Log a client in on a connection; if another client was logged in, the connection leaves its rooms.

        @return: whether the connection is still open; what applications do meanwhile may end it
        """
        before = connection.client
        if not self._endReplaced(connection, client):
            return False
        self.strangers.stop(connection)
        self._expiry.watch(connection, client)
        if not self._setClient(connection, client):
            return False
        self._basis.counters.logins += 1
        if before is None or client.id != before.id:
            self._guard.giveSubscribes(connection, self._basis.clock.seconds())
            self._guard.closeOneTooMany([each for each in self._directory.clients.members(client.id) if not each.closing])
        self._observers.tell(LoggedIn, connection)
        return not connection.ended

    def _endReplaced(self, connection: Connection, client: IClient) -> bool:
        """
        Send C{socket.close} to the applications that were made for the connection's last client, if another one logs in.

        @return: whether the connection is still open
        """
        adapted = connection.adapted
        kept = None if adapted is None else self._applications.kept(adapted, client, connection)
        if adapted is not None and kept is not None and len(kept.made) < len(adapted.made):
            # First: if a handler ends the connection now, the replaced applications don't get another C{socket.close}.
            connection.useApplications(kept)
            if connection.client is None or client.id != connection.client.id:
                connection.leaveAll()
            self._endApplications(connection, adapted.closing(kept.made))
        return not connection.closing

    def loginWaits(self, connection: Connection, isWaiting: bool) -> None:
        """
        Note that a login waits for its turn, or waits no longer; a stranger's timeout doesn't run while it waits.
        """
        if connection.client is not None or connection.closing:
            return
        if isWaiting:
            self.strangers.stop(connection)
        else:
            self.strangers.start(connection)

    def loginFailed(self, connection: Connection, code: str) -> None:
        """
        Report a refused login to the observers.

        @param code: the error code
        """
        self._observers.tell(LoginFailed, connection, code)

    def closed(self, connection: Connection) -> None:
        """
        Forget a connection that has ended.
        """
        self._guard.remove(connection)
        self.strangers.stop(connection)
        self._expiry.forget(connection)

    def _setClient(self, connection: Connection, client: IClient, isGuest: bool = False) -> bool:
        """
        @return: whether the connection is still open; leaving its rooms sends frames, which may end it
        """
        if self._directory.isOther(connection, client):
            connection.leaveAll()
        if connection.closing:
            self._expiry.forget(connection)
            return False
        if connection.client is None:
            self._guard.loggedIn(connection)
        connection.setClient(client, isGuest)
        self._directory.setClient(connection, client)
        self._makeApplications(connection)
        return True

    def _makeApplications(self, connection: Connection) -> None:
        adapted = self._applications.adapt(connection.client, connection, connection.adapted)
        connection.useApplications(adapted)
        if connection.ended:
            # A factory ended the connection, before these applications could get C{socket.close}.
            self._endApplications(connection, adapted.closing())

    def _endApplications(self, connection: Connection, listeners: tuple[Listener, ...]) -> None:
        self._dispatch.fireInBackground(connection, "socket.close", dict(_REPLACED), listeners)


def _closeStranger(connection: Connection) -> None:
    connection.close(NOT_LOGGED_IN, "Not logged in in time")
