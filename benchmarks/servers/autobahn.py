"""
Autobahn on Twisted, as its examples use it.
"""

import json
import os
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet import reactor

from benchmarks.servers.tokens import USERS

peers: set["Peer"] = set()
rooms: dict[str, set["Peer"]] = {}


class Peer(WebSocketServerProtocol):
    """
    One connection.
    """

    user: str | None = None

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        message = json.loads(payload)
        handler = HANDLERS.get(message["event"])
        if handler is not None and (self.user is not None or handler is Peer.login):
            handler(self, message["data"])

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        peers.discard(self)
        for members in rooms.values():
            members.discard(self)

    def emit(self, event: str, data: Any) -> None:
        self.sendMessage(encode(event, data))

    def login(self, data: Any) -> None:
        self.user = USERS.get(data["token"])
        if self.user is None:
            return self.emit("socket.auth.failure", {"errors": ["Invalid access token."]})
        peers.add(self)
        self.emit("socket.auth.success", {"client": {"username": self.user}})

    def echo(self, data: Any) -> None:
        self.emit("echo", data)

    def shout(self, data: Any) -> None:
        self.toAll(peers, "shouted", data)

    def join(self, room: str) -> None:
        rooms.setdefault(room, set()).add(self)
        self.emit("joined", room)

    def tell(self, data: Any) -> None:
        self.toAll(rooms.get(data["room"], set()), "told", data["text"])

    def toAll(self, receivers: set["Peer"], event: str, data: Any) -> None:
        message = self.factory.prepareMessage(encode(event, data))
        for each in receivers:
            each.sendPreparedMessage(message)


HANDLERS = {
    "socket.auth.request": Peer.login,
    "echo": Peer.echo,
    "shout": Peer.shout,
    "join": Peer.join,
    "tell": Peer.tell,
}


def encode(event: str, data: Any) -> bytes:
    return json.dumps({"event": event, "data": data}).encode()


if __name__ == "__main__":
    factory = WebSocketServerFactory()
    factory.protocol = Peer
    reactor.listenTCP(int(os.environ["PORT"]), factory, backlog=1024, interface="127.0.0.1")
    reactor.run()
