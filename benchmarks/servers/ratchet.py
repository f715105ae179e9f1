"""
Ours: the application and the provider that C{twistd -n ratchet} is given.
"""

from typing import Any

from zope.interface import implementer

from benchmarks.servers.tokens import USERS
from ratchet_tx import IClient, IClientProvider, on


class Work:
    """
    What every server here does: give back, tell everyone, and tell a room.
    """

    @on("echo")
    def echo(self, event: Any) -> None:
        event.connection.emit("echo", event.payload.data)

    @on("shout")
    def shout(self, event: Any) -> None:
        event.hub.emit("shouted", event.payload.data)

    @on("join")
    def join(self, event: Any) -> None:
        event.connection.join(event.payload.data)
        event.connection.emit("joined", event.payload.data)

    @on("leave")
    def leave(self, event: Any) -> None:
        event.connection.leave(event.payload.data)
        event.connection.emit("left", event.payload.data)

    @on("tell")
    def tell(self, event: Any) -> None:
        event.hub.emit("told", event.payload.data["text"], room=event.payload.data["room"])


@implementer(IClient)
class User:
    """
    Somebody who has a token.
    """

    __slots__ = ("accessToken", "id")

    def __init__(self, id: str, accessToken: str) -> None:
        self.id = id
        self.accessToken = accessToken

    def jsonSerialize(self) -> Any:
        return {"username": self.id}


@implementer(IClientProvider)
class Users:
    """
    Knows everybody by the token.
    """

    def __init__(self) -> None:
        self._users = {token: User(id, token) for token, id in USERS.items()}

    def findByAccessToken(self, accessToken: str) -> Any:
        return self._users.get(accessToken)

    def updateClient(self, client: Any) -> None:
        """
        Nothing is kept: no token is issued here.
        """
