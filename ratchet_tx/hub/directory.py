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

    Strangers are among the connections, but no message is for them.

    @ivar rooms: who is in which room
    @ivar clients: the connections of each client, by its id
    """

    def __init__(self) -> None:
        self.rooms: Rooms[Connection] = Rooms()
        self.clients: Rooms[Connection] = Rooms()
        self._connections: dict[str, Connection] = {}
        # With the id that each came in by: what a client's is later, is the application's affair.
        self._loggedIn: dict[Connection, str] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def all(self) -> tuple[Connection, ...]:
        """
        Name every connection, strangers' too.
        """
        return tuple(self._connections.values())

    def add(self, connection: Connection) -> None:
        """
        Know a connection from now on.
        """
        self._connections[connection.id] = connection

    def remove(self, connection: Connection) -> None:
        """
        Forget a connection, which has left its rooms.
        """
        del self._connections[connection.id]
        self._logOut(connection)

    def isOther(self, connection: Connection, client: IClient) -> bool:
        """
        Say whether a connection has come in as another client than this one.
        """
        return self._loggedIn.get(connection, client.id) != client.id

    def become(self, connection: Connection, client: IClient) -> None:
        """
        Find a connection by this client from now on.
        """
        self._logOut(connection)
        self._loggedIn[connection] = client.id
        self.clients.join(client.id, connection)

    def _logOut(self, connection: Connection) -> None:
        id = self._loggedIn.pop(connection, None)
        if id is not None:
            self.clients.leave(id, connection)

    def receivers(self, message: Deliver) -> tuple[Connection, ...]:
        """
        Name whom a message is for, at this moment: who comes or goes while it is sent changes nothing.
        """
        if message.client is not None:
            connections = tuple(self.clients.members(message.client))
            return connections if message.room is None else tuple(each for each in connections if message.room in each.rooms)
        if message.room is not None:
            return tuple(self.rooms.members(message.room))
        return tuple(self._loggedIn)
