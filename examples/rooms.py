"""
Rooms: who may be in which, what they remember, and who is there.

    cd examples && twistd -n ratchet --application rooms.register --provider moderation.People
"""

from moderation import IModerator
from zope.interface import implementer

from ratchet_tx import IRoomPolicy, RoomPolicy, on


class Desk:
    @on("news.publish")
    def publish(self, event):
        return event.hub.emit("news.item", event.payload.data, room="news")

    @on("lobby.wave")
    def wave(self, event):
        event.connection.broadcast("lobby.waved", event.connection.client.id, room="lobby")

    @on("lobby.who")
    def who(self, event):
        return event.hub.members("lobby")

    @on("lobby.close")
    async def close(self, event):
        for client in await event.hub.members("lobby"):
            event.hub.leave(client, "lobby")


@implementer(IRoomPolicy)
class Teams:
    historySize = 50
    historySeconds = 24 * 60 * 60
    presence = True

    async def mayJoin(self, client, room):
        return client.id in await self.membersOf(room.removeprefix("team:"))

    async def membersOf(self, team):
        return {"red": ["ada", "grace"]}.get(team, [])  # a database would be asked here


def register(applications):
    applications.add(Desk())
    applications.registerRooms("news", RoomPolicy(historySize=100, historySeconds=3600))
    applications.registerRooms("lobby", RoomPolicy(presence=True))
    applications.registerRooms("user:*", RoomPolicy(mayJoin=lambda client, room: room == f"user:{client.id}"))
    applications.registerRooms("moderators", RoomPolicy(), client=IModerator)
    applications.registerRooms("team:*", Teams())
