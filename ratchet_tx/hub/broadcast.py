"""
Sends events to many connections: publishes them to all nodes, and delivers what any node published to its own connections.
"""

from collections.abc import Collection
from threading import get_ident
from typing import Any

from twisted.internet.defer import Deferred, succeed

from ratchet_tx.applications.roompolicies import Policies
from ratchet_tx.backplane.messages import Absent, Deliver, Disconnect, Leave, Message, Present
from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.threads import OwnThread
from ratchet_tx.errors import UsageError
from ratchet_tx.hub.directory import Directory
from ratchet_tx.hub.fanout import Fanout
from ratchet_tx.hub.published import Position, Publisher
from ratchet_tx.interfaces import IBackplane
from ratchet_tx.login.finder import DISCONNECTED
from ratchet_tx.login.lookups import Lookups
from ratchet_tx.rooms.presence import Presence
from ratchet_tx.wire.closecodes import RECONNECT_CODES, checkCloseCode
from ratchet_tx.wire.encoding import encodeData
from ratchet_tx.wire.names import checkEvent, checkName, checkText


class Broadcast:
    """
    The broadcasts of one node.

    @param publisher: sends a message to every node
    @param directory: finds the connections that a message is for
    @param fanout: sends an event to them
    @param presence: gets other nodes' presence messages, and the connections that leave rooms
    @param backplane: gets the rooms that have members on this node
    @param lookups: remembers disconnected clients while tokens are looked up
    @param policies: tell which rooms have a history
    @param thread: the only thread in which this may be called
    @ivar spares: the events that may be dropped for slow peers
    """

    def __init__(
        self,
        publisher: Publisher,
        directory: Directory,
        fanout: Fanout,
        presence: Presence,
        backplane: IBackplane,
        lookups: Lookups,
        policies: Policies,
        thread: OwnThread,
    ) -> None:
        self.publish = publisher.publish
        self._directory = directory
        self._fanout = fanout
        self._presence = presence
        self._backplane = backplane
        self._lookups = lookups
        self._policies = policies
        self._thread = thread
        self.spares = fanout.spares
        self.spare = fanout.spare

    # To every node

    def emit(self, event: str, data: Any, room: str | None, client: str | None) -> Deferred[Any]:
        """
        Send an event as L{IHub.emit<ratchet_tx.interfaces.IHub.emit>} does.
        """
        checkEvent(event)
        checkText(event, "the name of an event")
        if room is not None:
            checkName(room, "a room")
        if client is not None:
            checkId(client)
        # An event for one client isn't in the room's history: the other members would miss its offset.
        keep = self._policies.keep(room) if room is not None and client is None else None
        self.requireThread("emit")
        published = self.publish(Deliver(event, encodeData(event, data), room, client, keep=keep))
        # A new Deferred for each call, because callers add callbacks to it.
        return succeed(None) if published is None else published.addCallback(_asPosition)

    def toOthers(self, sender: str, event: str, data: Any, room: str | None) -> None:
        """
        Send an event as L{IConnection.broadcast<ratchet_tx.interfaces.IConnection.broadcast>} does.

        @param sender: the id of the connection that sends it, and doesn't get it
        """
        checkText(event, "the name of an event")
        if room is not None:
            checkName(room, "a room")
            if self._policies.keep(room) is not None:
                raise UsageError(
                    f"The room {room!r} has a history, in which a broadcast would be a gap to its sender: "
                    f"send it to everybody, by hub.emit({event!r}, data, room={room!r})."
                )
        self.publish(Deliver(event, encodeData(event, data), room=room, without=sender))

    def disconnect(self, clientId: str, code: int) -> None:
        """
        Close every connection of a client, on every node.
        """
        checkCloseCode(code)
        checkId(clientId)
        self.requireThread("disconnect")
        self.publish(Disconnect(clientId, code))

    def leave(self, clientId: str, room: str) -> None:
        """
        Take every connection of a client out of a room, on every node.
        """
        checkName(room, "a room")
        checkId(clientId)
        self.requireThread("leave")
        self.publish(Leave(clientId, room))

    def members(self, room: str) -> Deferred[dict[str, Any]]:
        """
        List the members of a room, as L{IHub.members<ratchet_tx.interfaces.IHub.members>} does.
        """
        checkName(room, "a room")
        self.requireThread("members")
        return Deferred.fromCoroutine(self._presence.members(room, tuple(self._directory.rooms.members(room))))

    def requireThread(self, call: str) -> None:
        """
        Check that this is the reactor's thread.

        @param call: the method of the hub that is called
        @raise UsageError: in another thread
        """
        if get_ident() != self._thread.ident:
            instead = "hub.publishFromThread" if call == "emit" else f"reactor.callFromThread(hub.{call}, ...)"
            self._thread.require(f"hub.{call}", f"{instead} (events go out from any thread by hub.publishFromThread)")

    # To this node's connections

    def deliver(self, message: Message) -> None:
        """
        Apply a message of any node to the connections of this one.
        """
        if isinstance(message, Deliver):
            return self._fanout.deliver(message, self._directory.receivers(message))
        if isinstance(message, Present | Absent):
            return self._presence.received(message)
        if isinstance(message, Disconnect):
            return self._disconnected(message)
        for connection in tuple(self._directory.clients.members(message.client)):
            connection.leave(message.room)
        self._presence.disconnected(message.client, message.room)

    def _disconnected(self, message: Disconnect) -> None:
        self._lookups.disconnected(message.client, message.code)
        for connection in tuple(self._directory.clients.members(message.client)):
            connection.close(message.code, DISCONNECTED)
        if message.code not in RECONNECT_CODES:
            self._presence.disconnected(message.client)

    # Members of rooms

    def joined(self, connection: Connection, room: str) -> None:
        """
        Note that a connection has joined a room.
        """
        if self._directory.rooms.join(room, connection):
            self._backplane.subscribe(room)

    def left(self, connection: Connection, rooms: Collection[str]) -> None:
        """
        Note that a connection has left some rooms.
        """
        for room in rooms:
            if self._directory.rooms.leave(room, connection):
                self._backplane.unsubscribe(room)
        self._presence.left(connection, rooms)


def checkId(clientId: Any) -> None:
    """
    Check a client's id.

    @raise UsageError: if it isn't a str
    """
    if not isinstance(clientId, str):
        raise UsageError(f"A client is named by its id, a text, not {type(clientId).__name__}.")
    checkText(clientId, "a client's id")


def _asPosition(published: Any) -> Position | None:
    """
    Convert the result of the backplane's C{publish}, which may be any pair.
    """
    return None if published is None else Position(*published)
