"""
Asks a room's policy whether a client may be in the room, and reads the room's history for it.
"""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ratchet_tx.applications.roompolicies import Policies
from ratchet_tx.backplane.historyevents import HistoryEvent
from ratchet_tx.backplane.messages import Keep
from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.coroutines import asDeferred
from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.errors import PeerError
from ratchet_tx.interfaces import IBackplane, IRoomPolicy
from ratchet_tx.monitoring.printable import quoted
from ratchet_tx.rooms.requests import Since
from ratchet_tx.settings import Limits
from ratchet_tx.wire.errorcodes import ROOM_DENIED

_log = Logger()


class Access:
    """
    The access to the rooms of one node.

    @param policies: decide who may be in a room, and what history it keeps
    @param backplane: has the histories
    @param limits: C{handlerSeconds} is how long a policy or the backplane may take
    """

    def __init__(self, policies: Policies, backplane: IBackplane, limits: Limits, patience: Patience) -> None:
        self.policies = policies
        self.backplane = backplane
        self._seconds = limits.handlerSeconds
        self._patience = patience

    def forClient(self, connection: Connection) -> "Permission":
        """
        Make the permission of a connection's client.
        """
        return Permission(self, connection)

    def limit(self, later: Deferred[Any]) -> Deferred[Any]:
        """
        Cancel a Deferred that takes longer than a handler may.
        """
        return self._patience.limit(later, self._seconds)


class Permission:
    """
    What one client on one connection may do with rooms.
    """

    def __init__(self, access: Access, connection: Connection) -> None:
        self._access = access
        self.connection = connection
        self._client = connection.client

    async def requireMayJoin(self, room: str) -> IRoomPolicy:
        """
        Ask the room's policy whether the client may join.

        @return: the policy
        @raise PeerError: C{room.denied}
        """
        assert self._client is not None, "strangers are refused before"
        policy = self._access.policies.find(room, self._client)
        if policy is None or not await self._ask(room, lambda: policy.mayJoin(self._client, room)):
            raise PeerError(ROOM_DENIED, "You may not be in this room")
        return policy

    def keep(self, room: str) -> Keep | None:
        """
        Look up what history a room keeps; None for none.
        """
        return self._access.policies.keep(room)

    async def readHistory(
        self, room: str, since: Since | None, limit: int, keep: Keep
    ) -> tuple[str, int, Sequence[HistoryEvent]]:
        """
        Read a room's history from the backplane.

        @return: the epoch, the last offset, and events
        """
        position = None if since is None else since.position
        found = await self._ask(room, lambda: self._access.backplane.read(room, position, limit, keep))
        epoch, offset, events = found
        return epoch, offset, events

    async def _ask(self, room: str, ask: Callable[[], Any]) -> Any:
        """
        Wait for a policy or the backplane; a failure becomes a refusal with C{retry}.
        """
        try:
            value = ask()
            later = asDeferred(value)
            if later is None:
                return value
            return await self._access.limit(later)
        except (PeerError, GeneratorExit):
            raise
        except BaseException:
            raise unavailable(self.connection, room) from None


def unavailable(connection: Connection, room: str, failure: Failure | None = None) -> PeerError:
    """
    Log that a room request failed, and make the refusal, with which the peer tries again.

    @param failure: by default the exception that is being handled
    """
    if not connection.closing:
        what = "Room request failed: room={room} id={id}"
        connection.peerLog.failure(_log, connection.remoteAddress, what, failure, room=quoted(room), id=connection.id)
    return PeerError(ROOM_DENIED, "This room can't be entered right now", retry=True)
