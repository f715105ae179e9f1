"""
What all connections of a node share: its limits, counters, broadcasts and message handling.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ratchet_tx.budget.ledger import Ledger
from ratchet_tx.deferreds.threads import OwnThread
from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.peerlog import PeerLog
from ratchet_tx.settings import Limits
from ratchet_tx.wire.frames import Spare


class Broadcasting(Protocol):
    """
    Sends events to many connections, and keeps the members of rooms.

    @ivar spares: the events that may be dropped for slow peers
    """

    @property
    def spares(self) -> Mapping[str, str]: ...
    def spare(self, event: str, room: str | None = None) -> Spare | None: ...
    def joined(self, connection: Any, room: str) -> None: ...
    def left(self, connection: Any, rooms: Collection[str]) -> None: ...
    def toOthers(self, sender: str, event: str, data: Any, room: str | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Shared:
    """
    What the connections of one node share; it is made before the first connection.

    @ivar handle: handles a message of a connection that has waited in the inbox
    """

    limits: Limits
    counters: Counters
    ledger: Ledger
    peerLog: PeerLog
    thread: OwnThread
    patience: Patience
    broadcast: Broadcasting
    handle: Callable[[Any, bytes], None]

    def requireThread(self, call: str) -> None:
        """
        Check that this is the reactor's thread.

        @param call: the method of the connection that is called
        @raise UsageError: in another thread
        """
        self.thread.require(
            f"connection.{call}",
            f"reactor.callFromThread(connection.{call}, ...), or hub.publishFromThread(event, data, client=...)",
        )
