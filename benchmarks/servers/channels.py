"""
Django Channels, on daphne: a consumer, and groups in the layer that is in memory.
"""

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter
from django.conf import settings

from benchmarks.servers.tokens import USERS

settings.configure(
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
)


class Peer(AsyncJsonWebsocketConsumer):
    """
    One connection.
    """

    user: str | None = None
    groups = ()

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        handler = HANDLERS.get(content["event"])
        if handler is not None and (self.user is not None or handler is Peer.login):
            await handler(self, content["data"])

    async def disconnect(self, code: int) -> None:
        for group in self.groups:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def enter(self, group: str) -> None:
        self.groups = (*self.groups, group)
        await self.channel_layer.group_add(group, self.channel_name)

    async def emit(self, event: str, data: Any) -> None:
        await self.send_json({"event": event, "data": data})

    async def login(self, data: Any) -> None:
        self.user = USERS.get(data["token"])
        if self.user is None:
            return await self.emit("socket.auth.failure", {"errors": ["Invalid access token."]})
        await self.enter("everyone")
        await self.emit("socket.auth.success", {"client": {"username": self.user}})

    async def echo(self, data: Any) -> None:
        await self.emit("echo", data)

    async def shout(self, data: Any) -> None:
        await self.channel_layer.group_send("everyone", {"type": "sent", "event": "shouted", "data": data})

    async def join(self, room: str) -> None:
        await self.enter(f"room-{room}")
        await self.emit("joined", room)

    async def tell(self, data: Any) -> None:
        message = {"type": "sent", "event": "told", "data": data["text"]}
        await self.channel_layer.group_send(f"room-{data['room']}", message)

    async def sent(self, message: Any) -> None:
        await self.emit(message["event"], message["data"])


HANDLERS = {
    "socket.auth.request": Peer.login,
    "echo": Peer.echo,
    "shout": Peer.shout,
    "join": Peer.join,
    "tell": Peer.tell,
}

application = ProtocolTypeRouter({"websocket": Peer.as_asgi()})
