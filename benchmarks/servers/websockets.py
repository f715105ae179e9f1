"""
websockets, on uvloop.
"""

import json
import os
from typing import Any

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

from benchmarks.servers.tokens import USERS

peers: set[ServerConnection] = set()
rooms: dict[str, set[ServerConnection]] = {}


async def emit(peer: ServerConnection, event: str, data: Any) -> None:
    await peer.send(json.dumps({"event": event, "data": data}))


async def login(peer: ServerConnection, data: Any) -> None:
    user = USERS.get(data["token"])
    if user is None:
        return await emit(peer, "socket.auth.failure", {"errors": ["Invalid access token."]})
    peers.add(peer)
    await emit(peer, "socket.auth.success", {"client": {"username": user}})


async def echo(peer: ServerConnection, data: Any) -> None:
    await emit(peer, "echo", data)


async def shout(peer: ServerConnection, data: Any) -> None:
    broadcast(peers, json.dumps({"event": "shouted", "data": data}))


async def join(peer: ServerConnection, room: str) -> None:
    rooms.setdefault(room, set()).add(peer)
    await emit(peer, "joined", room)


async def tell(peer: ServerConnection, data: Any) -> None:
    broadcast(rooms.get(data["room"], set()), json.dumps({"event": "told", "data": data["text"]}))


HANDLERS = {"socket.auth.request": login, "echo": echo, "shout": shout, "join": join, "tell": tell}


async def handle(peer: ServerConnection) -> None:
    try:
        async for text in peer:
            message = json.loads(text)
            handler = HANDLERS.get(message["event"])
            if handler is not None and (peer in peers or handler is login):
                await handler(peer, message["data"])
    finally:
        peers.discard(peer)
        for members in rooms.values():
            members.discard(peer)


async def main() -> None:
    async with serve(handle, "127.0.0.1", int(os.environ["PORT"]), compression=None, backlog=1024) as server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
