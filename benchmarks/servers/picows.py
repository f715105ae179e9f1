"""
picows, whose protocol is written in Cython, on uvloop; with msgspec's JSON, the fastest there is.
"""

import os
from typing import Any

import msgspec
import uvloop
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from benchmarks.servers.tokens import USERS

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode

peers: set["Peer"] = set()
rooms: dict[str, set["Peer"]] = {}


class Peer(WSListener):
    """
    One connection.
    """

    def __init__(self) -> None:
        self.user: str | None = None
        self.rooms: set[str] = set()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            message = decode(frame.get_payload_as_memoryview())
            handler = HANDLERS.get(message["event"])
            if handler is not None and (self.user is not None or handler is Peer.login):
                handler(self, message["data"])
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code() or WSCloseCode.OK)
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        peers.discard(self)
        for room in self.rooms:
            rooms[room].discard(self)

    def emit(self, event: str, data: Any) -> None:
        self.transport.send(WSMsgType.TEXT, encode({"event": event, "data": data}))

    def login(self, data: Any) -> None:
        self.user = USERS.get(data["token"])
        if self.user is None:
            return self.emit("socket.auth.failure", {"errors": ["Invalid access token."]})
        peers.add(self)
        self.emit("socket.auth.success", {"client": {"username": self.user}})

    def echo(self, data: Any) -> None:
        self.emit("echo", data)

    def shout(self, data: Any) -> None:
        toAll(peers, "shouted", data)

    def join(self, room: str) -> None:
        rooms.setdefault(room, set()).add(self)
        self.rooms.add(room)
        self.emit("joined", room)

    def tell(self, data: Any) -> None:
        toAll(rooms.get(data["room"], set()), "told", data["text"])


HANDLERS = {
    "socket.auth.request": Peer.login,
    "echo": Peer.echo,
    "shout": Peer.shout,
    "join": Peer.join,
    "tell": Peer.tell,
}


def toAll(receivers: set[Peer], event: str, data: Any) -> None:
    message = encode({"event": event, "data": data})
    for each in receivers:
        each.transport.send(WSMsgType.TEXT, message)


def listener(request: WSUpgradeRequest) -> Peer:
    return Peer()


async def main() -> None:
    server = await ws_create_server(listener, "127.0.0.1", int(os.environ["PORT"]), backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
