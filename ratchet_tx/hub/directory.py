"""
Finds the connections that a message is for, by client and by room.
"""

from ratchet_tx.backplane.messages import Deliver
from ratchet_tx.connections.connection import Connection
from ratchet_tx.interfaces import IClient
from ratchet_tx.rooms.membership import Rooms


class Directory:
    """
    The connections of one node.

    Strangers' connections are among them, but no message is for a stranger.

    @ivar rooms: the connections in each room
    @ivar clients: the connections of each client, by the client's id
    """

    def __init__(self) -> None:
        self.rooms: Rooms[Connection] = Rooms()
        self.clients: Rooms[Connection] = Rooms()
        self._connections: dict[str, Connection] = {}
        # With the client's id at the login, because an application may change the client's C{id} later.
        self._loggedIn: dict[Connection, str] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def all(self) -> tuple[Connection, ...]:
        """
        List all connections, including strangers'.
        """
        return tuple(self._connections.values())

    def add(self, connection: Connection) -> None:
        """
        Add a connection, as a stranger's.
        """
        self._connections[connection.id] = connection

    def remove(self, connection: Connection) -> None:
        """
        Remove a connection that has left its rooms.
        """
        del self._connections[connection.id]
        self._removeClient(connection)

    def isOther(self, connection: Connection, client: IClient) -> bool:
        """
        Say whether another client than this one is logged in on a connection.
        """
        return self._loggedIn.get(connection, client.id) != client.id

    def setClient(self, connection: Connection, client: IClient) -> None:
        """
        Set the client by which a connection is found.
        """
        self._removeClient(connection)
        self._loggedIn[connection] = client.id
        self.clients.join(client.id, connection)

    def _removeClient(self, connection: Connection) -> None:
        id = self._loggedIn.pop(connection, None)
        if id is not None:
            self.clients.leave(id, connection)

    def receivers(self, message: Deliver) -> tuple[Connection, ...]:
        """
        List the connections that a message is for, as a copy: connections may come and go while it is sent.
        """
        if message.client is not None:
            connections = tuple(self.clients.members(message.client))
            return connections if message.room is None else tuple(each for each in connections if message.room in each.rooms)
        if message.room is not None:
            return tuple(self.rooms.members(message.room))
        return tuple(self._loggedIn)
