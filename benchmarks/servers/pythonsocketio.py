"""
python-socketio, on uvicorn and uvloop, with its own rooms.
"""

from typing import Any

import socketio

from benchmarks.servers.tokens import USERS

server = socketio.AsyncServer(async_mode="asgi", transports=["websocket"])
application = socketio.ASGIApp(server)


@server.event
async def connect(sid: str, environ: Any, auth: Any) -> None:
    if auth["token"] not in USERS:
        raise ConnectionRefusedError("Invalid access token.")
    await server.save_session(sid, {"user": USERS[auth["token"]]})


@server.event
async def echo(sid: str, data: Any) -> None:
    await server.emit("echo", data, to=sid)


@server.event
async def shout(sid: str, data: Any) -> None:
    await server.emit("shouted", data)


@server.event
async def join(sid: str, room: str) -> None:
    await server.enter_room(sid, room)
    await server.emit("joined", room, to=sid)


@server.event
async def tell(sid: str, data: Any) -> None:
    await server.emit("told", data["text"], room=data["room"])
