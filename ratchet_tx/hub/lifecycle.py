"""
Starts a hub and stops it: the backplane, the timers, and at the end the peers, once what they sent is handled.
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

#: Within how many seconds a peer that is sent away may come again: at some time between these two.
COME_AGAIN = (0, 5)


class Lifecycle:
    """
    The life of one hub: it may be started again once it has stopped.

    @param deliver: does what a message from another node says
    @param loginThrottle: lets nobody wait any more when the hub stops
    @param forget: called when the hub has stopped, to forget what isn't to outlive that
    @ivar isRunning: whether the hub runs, and isn't stopping
    @ivar overdue: whether the last stop took too long, and something was dropped
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
        Start; nothing happens where it runs.

        @raise UsageError: while it is still stopping
        """
        if self.isRunning:
            return
        if self._stopping is not None:
            raise UsageError("The hub is still stopping: wait for the Deferred that stopService() gave.")
        basis = self._basis
        basis.thread.started(basis.clock.reactor)
        self._timers.clock = basis.clock.clock
        self.isRunning = True
        self._limitHistories()
        basis.pending.add(asDeferred(basis.backplane.start(self._deliver, basis.clock.clock)))
        self._timers.startService()
        if self._applications.isEmpty():
            self._log.warn(
                "No application is registered, so every event is refused: "
                "name one by --application, or call hub.applications.add()"
            )

    def _limitHistories(self) -> None:
        backplane = self._basis.backplane
        if IMemory.providedBy(backplane):
            # The other half is for who is here.
            backplane.limitHistories(-(-self._limits.processBytes // 2), self._countHistories)
            self._countHistories(backplane.historyBytes)

    def _countHistories(self, by: int) -> None:
        self._basis.ledger.change("histories", by)

    def stop(self) -> Deferred[None]:
        """
        Take leave of all peers, once what they have sent is handled, and wait for whatever still goes on: for the limit
        C{drainSeconds} at most, after which it is dropped.

        @return: a Deferred that fires then, and never fails; a second call waits for the same
        """
        if self._stopping is None and not self.isRunning:
            return succeed(None)
        if self._stopping is None:
            self.overdue = False
            self._stopping = Stopping(self._timers.stopService(), self._basis.pending, self._abortAll, self._stopped)
            self._takeLeave(self._stopping)
        # It may be over by now.
        return succeed(None) if self._stopping is None else self._stopping.whenEnded()

    def abandon(self) -> None:
        """
        Stop at once: drop all peers, cancel whatever goes on, and wait for nothing.
        """
        self.stop()
        if self._stopping is not None:
            self.overdue = True
            self._stopping.abandon()

    def left(self) -> None:
        """
        Note that a peer is gone, which may have been the last that a stop waits for.
        """
        if self._stopping is not None and not len(self._basis.directory):
            self._stopping.allGone()

    def _takeLeave(self, stopping: Stopping) -> None:
        self.isRunning = False
        self._loginThrottle.drop()
        for connection in self._basis.directory.all():
            self._drain(connection)
        if self._limits.drainSeconds:
            stopping.limit(self._limits.drainSeconds, self._basis.patience)
        self.left()

    def _drain(self, connection: Connection) -> None:
        try:
            drain(connection)
        except Exception:
            self._log.failure("Draining a connection failed, it is dropped: id={id}", id=connection.id)
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
    Take leave of a peer, because the hub stops: what it has sent already is handled first.

    A peer of version 2 is told before, and when to come again: not all at once.
    """
    isTold = connection.version == 2
    if isTold:
        connection.send("socket.bye", {"code": SERVER_DRAIN, "reconnect": True, "after": COME_AGAIN})
    code = DRAINED if isTold else GOING_AWAY
    connection.inbox.whenIdle().addCallback(lambda _: connection.close(code, "Going away"))
