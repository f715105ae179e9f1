"""
Decides whether a client may be in a room, and reads what was published there.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.logger import Logger

from ratchet_tx.backplane.historyevents import HistoryEvent
from ratchet_tx.backplane.messages import Keep
from ratchet_tx.connections.connection import Connection
from ratchet_tx.connections.holdback import Holds
from ratchet_tx.deferreds.coroutines import asDeferred
from ratchet_tx.errors import PeerError
from ratchet_tx.interfaces import IBackplane, IRoomPolicy
from ratchet_tx.limits.guard import Guard
from ratchet_tx.login.login import LoginNode
from ratchet_tx.monitoring.printable import quoted
from ratchet_tx.rooms.presence import Presence
from ratchet_tx.rooms.requests import Since
from ratchet_tx.wire.errorcodes import AUTH_REQUIRED, ROOM_DENIED

_log = Logger()


class RoomNode(LoginNode, Protocol):
    """
    What rooms need of the hub.
    """

    backplane: IBackplane
    guard: Guard
    holds: Holds[Connection]
    presence: Presence


def requireClient(connection: Connection) -> None:
    """
    Refuse a stranger.

    @raise PeerError: C{auth.required}
    """
    if connection.client is None:
        raise PeerError(AUTH_REQUIRED, "Log in first")


class Permission:
    """
    The permission of one client on one connection.
    """

    def __init__(self, node: RoomNode, connection: Connection) -> None:
        self.node = node
        self.connection = connection
        self._client = connection.client

    async def toEnter(self, room: str) -> IRoomPolicy:
        """
        Ask whether the client may be in a room.

        @return: the policy that allows it
        @raise PeerError: C{room.denied}
        """
        assert self._client is not None, "a stranger has been refused"
        policy = self.node.applications.policies.find(room, self._client)
        if policy is None or not await self._given(room, lambda: policy.mayJoin(self._client, room)):
            raise PeerError(ROOM_DENIED, "You may not be in this room")
        return policy

    async def past(self, room: str, since: Since | None, limit: int, keep: Keep) -> tuple[str, int, Sequence[HistoryEvent]]:
        """
        Ask what was published.

        @return: the epoch, the last offset, and events
        """
        position = None if since is None else since.position
        found = await self._given(room, lambda: self.node.backplane.read(room, position, limit, keep))
        epoch, offset, events = found
        return epoch, offset, events

    async def _given(self, room: str, ask: Callable[[], Any]) -> Any:
        """
        Wait for what others give, for as long as handling an event may take; what fails is a refusal that says "come again".
        """
        try:
            value = ask()
            later = asDeferred(value)
            if later is None:
                return value
            return await self.node.patience.limit(later, self.node.limits.handlerSeconds)
        except (PeerError, GeneratorExit):
            raise
        except BaseException:
            if not self.connection.closing:
                self.connection.peerLog.failure(
                    _log,
                    self.connection.remoteAddress,
                    "Subscribing {id} to {room} failed",
                    id=self.connection.id,
                    room=quoted(room),
                )
            raise PeerError(ROOM_DENIED, "This room can't be entered right now", retry=True) from None
