"""
Starts and stops a hub: the backplane, the timers, and at a stop the connections.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from ratchet_tx.applications.registry import Applications
from ratchet_tx.applications.timers import Timers
from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.coroutines import asDeferred
from ratchet_tx.errors import UsageError
from ratchet_tx.hub.basis import Basis
from ratchet_tx.hub.stopping import Stopping
from ratchet_tx.interfaces import IMemory
from ratchet_tx.limits.loginthrottle import LoginThrottle
from ratchet_tx.settings import Limits
from ratchet_tx.wire.closecodes import DRAINED, GOING_AWAY
from ratchet_tx.wire.errorcodes import SERVER_DRAIN

#: A stopping hub tells its peers to reconnect after a random time between these, in seconds, so that not all come at once.
RECONNECT_AFTER = (0, 5)


class Lifecycle:
    """
    Starts and stops one hub; it may be started again once it has stopped.

    @param deliver: applies a message from the backplane to this node's connections
    @param loginThrottle: its waiting logins are cancelled when the hub stops
    @param forget: called when the hub has stopped; forgets the keys and the presence
    @ivar isRunning: whether the hub is started and isn't stopping
    @ivar overdue: whether the last stop took too long, and dropped what was left
    """

    _log = Logger()

    def __init__(
        self,
        basis: Basis,
        applications: Applications,
        timers: Timers,
        limits: Limits,
        deliver: Callable[[Any], None],
        loginThrottle: LoginThrottle,
        forget: Callable[[], None],
    ) -> None:
        self._basis = basis
        self._applications = applications
        self._timers = timers
        self._limits = limits
        self._deliver = deliver
        self._loginThrottle = loginThrottle
        self._forget = forget
        self._stopping: Stopping | None = None
        self.isRunning = False
        self.overdue = False

    def start(self) -> None:
        """
        Start; nothing happens if the hub runs.

        @raise UsageError: while the hub is still stopping
        """
        if self.isRunning:
            return
        if self._stopping is not None:
            raise UsageError("The hub is still stopping: wait for the Deferred that stopService() gave.")
        basis = self._basis
        clock = basis.clock.clock
        basis.thread.started(basis.clock.reactor)
        self.isRunning = True
        self._limitHistories()
        basis.pending.add(asDeferred(basis.backplane.start(self._deliver, clock)))
        self._timers.startService()
        if self._applications.isEmpty():
            self._log.warn(
                "No application is registered, so every event is refused: "
                "name one by --application, or call hub.applications.add()"
            )

    def _limitHistories(self) -> None:
        backplane = self._basis.backplane
        if IMemory.providedBy(backplane):
            # The other half is for the connections.
            backplane.limitHistories(-(-self._limits.processBytes // 2), self._countHistories)
            self._countHistories(backplane.historyBytes)

    def _countHistories(self, by: int) -> None:
        self._basis.ledger.change("histories", by)

    def stop(self) -> Deferred[None]:
        """
        Close each connection once what it has sent is handled, and wait for pending work; after the limit C{drainSeconds},
        drop what is left.

        @return: a Deferred that fires when the hub has stopped, and never fails; a second call waits for the same stop
        """
        if self._stopping is None and not self.isRunning:
            return succeed(None)
        if self._stopping is None:
            self.overdue = False
            self._stopping = Stopping(self._timers.stopService(), self._basis.pending, self._abortAll, self._stopped)
            self._drainAll(self._stopping)
        # The stop may be over by now.
        return succeed(None) if self._stopping is None else self._stopping.whenEnded()

    def abandon(self) -> None:
        """
        Stop at once: drop all connections, cancel all pending work, and wait for nothing.
        """
        self.stop()
        if self._stopping is not None:
            self.overdue = True
            self._stopping.abandon()

    def connectionEnded(self) -> None:
        """
        Note that a connection has ended; a stop waits for the last one.
        """
        if self._stopping is not None and not len(self._basis.directory):
            self._stopping.allGone()

    def _drainAll(self, stopping: Stopping) -> None:
        self.isRunning = False
        self._loginThrottle.drop()
        for connection in self._basis.directory.all():
            self._drain(connection)
        if self._limits.drainSeconds:
            stopping.limit(self._limits.drainSeconds, self._basis.patience)
        self.connectionEnded()

    def _drain(self, connection: Connection) -> None:
        try:
            drain(connection)
        except Exception:
            self._log.failure("Draining failed, connection dropped: id={id}", id=connection.id)
            connection.transport.abort()

    def _abortAll(self) -> None:
        self.overdue = True
        for connection in self._basis.directory.all():
            connection.transport.abort()

    def _stopped(self) -> Deferred[Any] | None:
        basis = self._basis
        self._stopping = None
        self._forget()
        basis.memoryLimit.stop()
        basis.peerLog.stop()
        self._countHistories(-basis.ledger.parts["histories"])
        basis.clock.stopIfIdle()
        return asDeferred(basis.backplane.stop())


def drain(connection: Connection) -> None:
    """
    Close a connection because the hub stops, once what the peer has sent is handled.

    A peer of version 2 first gets C{socket.bye}, which says when to reconnect.
    """
    knowsBye = connection.version == 2
    if knowsBye:
        connection.send("socket.bye", {"code": SERVER_DRAIN, "reconnect": True, "after": RECONNECT_AFTER})
    code = DRAINED if knowsBye else GOING_AWAY
    connection.inbox.whenIdle().addCallback(lambda _: connection.close(code, "Going away"))
