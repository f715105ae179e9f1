"""
aiohttp, on uvloop.
"""

import json
import os
from typing import Any

import uvloop
from aiohttp import WSMsgType, web

from benchmarks.servers.tokens import USERS

peers: set[web.WebSocketResponse] = set()
rooms: dict[str, set[web.WebSocketResponse]] = {}


async def emit(peer: web.WebSocketResponse, event: str, data: Any) -> None:
    await peer.send_json({"event": event, "data": data})


async def toAll(receivers: set[web.WebSocketResponse], event: str, data: Any) -> None:
    message = json.dumps({"event": event, "data": data})
    for each in list(receivers):
        await each.send_str(message)


async def login(peer: web.WebSocketResponse, data: Any) -> None:
    user = USERS.get(data["token"])
    if user is None:
        return await emit(peer, "socket.auth.failure", {"errors": ["Invalid access token."]})
    peers.add(peer)
    await emit(peer, "socket.auth.success", {"client": {"username": user}})


async def echo(peer: web.WebSocketResponse, data: Any) -> None:
    await emit(peer, "echo", data)


async def shout(peer: web.WebSocketResponse, data: Any) -> None:
    await toAll(peers, "shouted", data)


async def join(peer: web.WebSocketResponse, room: str) -> None:
    rooms.setdefault(room, set()).add(peer)
    await emit(peer, "joined", room)


async def tell(peer: web.WebSocketResponse, data: Any) -> None:
    await toAll(rooms.get(data["room"], set()), "told", data["text"])


HANDLERS = {"socket.auth.request": login, "echo": echo, "shout": shout, "join": join, "tell": tell}


async def handle(request: web.Request) -> web.WebSocketResponse:
    peer = web.WebSocketResponse(compress=False)
    await peer.prepare(request)
    try:
        async for each in peer:
            if each.type == WSMsgType.TEXT:
                message = each.json()
                handler = HANDLERS.get(message["event"])
                if handler is not None and (peer in peers or handler is login):
                    await handler(peer, message["data"])
    finally:
        peers.discard(peer)
        for members in rooms.values():
            members.discard(peer)
    return peer


if __name__ == "__main__":
    application = web.Application()
    application.router.add_get("/", handle)
    port = int(os.environ["PORT"])
    web.run_app(application, host="127.0.0.1", port=port, loop=uvloop.new_event_loop(), access_log=None, backlog=1024)
