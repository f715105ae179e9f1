"""
Says who a peer is: a stranger who has to log in, a guest, or the client of a login.
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

#: What applications are told that were made for a client whose connection has another one now.
_REPLACED = {"code": DONE, "reason": "Another login", "clean": True}


class Identity:
    """
    The clients of one hub's connections.

    @param provider: has the anonymous clients, if there are any
    @param applications: which are made for each client
    @param dispatch: tells applications that their client is gone
    @param guard: counts strangers, and the connections of each client
    @param expiry: ends logins whose token expires
    @ivar letsGuestsIn: whether a peer that doesn't log in has an anonymous client
    @ivar strangers: the connections that wait for a login, until their time is over
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
        self.letsGuestsIn = IAnonymousClientProvider.providedBy(provider)
        self.strangers: Timeouts[Connection] = Timeouts(limits.loginSeconds, basis.patience, _loginTimeOut)

    def opened(self, connection: Connection) -> None:
        """
        Let in a peer that has just connected.
        """
        if self.letsGuestsIn:
            return self._letIn(connection)
        connection.awaitsLogin()
        self._adapt(connection)
        self.strangers.start(connection)

    def _letIn(self, connection: Connection) -> None:
        try:
            guest = IAnonymousClientProvider(self._provider).anonymousClient()
            if not isClient(guest):
                raise UsageError(f"{type(guest).__name__} is no client with an id that is a text without lone surrogates.")
            self._expiry.watch(connection, guest)
        except BaseException:
            what = "The client provider has no anonymous client for {id}"
            self._basis.peerLog.failure(self._log, connection.remoteAddress, what, id=connection.id)
            return connection.close(OUR_FAULT, "Internal error")
        self._guard.openedAsGuest(connection)
        self._become(connection, guest, isGuest=True)

    def loggedIn(self, connection: Connection, client: IClient) -> bool:
        """
        Make somebody the client of a connection: where it is another than before, the rooms of that one are left.

        @return: whether the connection is still there, which may end by what applications do about it
        """
        before = connection.client
        if not self._endReplaced(connection, client):
            return False
        self._basis.counters.logins += 1
        self.strangers.stop(connection)
        self._expiry.watch(connection, client)
        if not self._become(connection, client):
            return False
        if before is None or client.id != before.id:
            self._guard.giveSubscribes(connection, self._basis.clock.seconds())
            self._guard.closeOneTooMany([each for each in self._directory.clients.members(client.id) if not each.closing])
        self._observers.tell(LoggedIn, connection)
        return not connection.ended

    def _endReplaced(self, connection: Connection, client: IClient) -> bool:
        """
        Tell the applications that were made for a connection's last client that another one comes.

        @return: whether the connection is still to be logged in then
        """
        adapted = connection.adapted
        kept = None if adapted is None else self._applications.kept(adapted, client, connection)
        if adapted is not None and kept is not None and len(kept.made) < len(adapted.made):
            # What may end the connection now isn't told once more to those that end.
            connection.serve(kept)
            if connection.client is None or client.id != connection.client.id:
                connection.leaveAll()
            self._endApplications(connection, adapted.closing(kept.made))
        return not connection.closing

    def waits(self, connection: Connection, isWaiting: bool) -> None:
        """
        Note that a login waits for its turn, which is no part of a stranger's time, or waits no more.
        """
        if connection.client is not None or connection.closing:
            return
        if isWaiting:
            self.strangers.stop(connection)
        else:
            self.strangers.start(connection)

    def loginFailed(self, connection: Connection, code: str) -> None:
        """
        Note that a login was refused.

        @param code: why
        """
        self._observers.tell(LoginFailed, connection, code)

    def closed(self, connection: Connection) -> None:
        """
        Wait for nothing of a peer that is gone.
        """
        self._guard.remove(connection)
        self.strangers.stop(connection)
        self._expiry.forget(connection)

    def _become(self, connection: Connection, client: IClient, isGuest: bool = False) -> bool:
        """
        @return: whether the connection is still there, which may end by what others send when it leaves its rooms
        """
        if self._directory.isOther(connection, client):
            connection.leaveAll()
        if connection.closing:
            self._expiry.forget(connection)
            return False
        if connection.client is None:
            self._guard.loggedIn(connection)
        connection.become(client, isGuest)
        self._directory.become(connection, client)
        self._adapt(connection)
        return True

    def _adapt(self, connection: Connection) -> None:
        adapted = self._applications.adapt(connection.client, connection, connection.adapted)
        connection.serve(adapted)
        if connection.ended:
            # They were made too late to hear it.
            self._endApplications(connection, adapted.closing())

    def _endApplications(self, connection: Connection, listeners: tuple[Listener, ...]) -> None:
        self._dispatch.announceTo(listeners, connection, "socket.close", dict(_REPLACED))


def _loginTimeOut(connection: Connection) -> None:
    connection.close(NOT_LOGGED_IN, "Not logged in in time")
