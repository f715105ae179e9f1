"""
The applications for the browser client's tests.
"""

from twisted.internet.task import deferLater

from ratchet_tx import AskRefused, PeerError, RoomPolicy, on


class Served:
    @on("echo")
    def echo(self, event):
        event.connection.emit("echo", event.payload.data)

    @on("same")
    def same(self, event):
        return event.payload.data

    @on("refuse")
    def refuse(self, event):
        raise PeerError("test.refused", "Not today", retry=True, after=5)

    @on("wait")
    def wait(self, event):
        return deferLater(event.hub.clock, 60)

    @on("hang up")
    def hangUp(self, event):
        event.connection.close(4001)
        return deferLater(event.hub.clock, 60)

    @on("ask me")
    async def askMe(self, event):
        try:
            return {"result": await event.connection.ask("confirm", event.payload.data)}
        except AskRefused as refusal:
            return {"code": refusal.code}

    @on("publish")
    def publish(self, event):
        return event.hub.emit("item", event.payload.data["data"], room=event.payload.data["room"])

    @on("leave")
    def leave(self, event):
        event.connection.leave(event.payload.data)


def register(applications):
    applications.add(Served())
    applications.registerRooms("news", RoomPolicy())
    applications.registerRooms("other", RoomPolicy())
    applications.registerRooms("cafe", RoomPolicy(presence=True))
    applications.registerRooms("kept.*", RoomPolicy(historySize=100, historySeconds=60))
