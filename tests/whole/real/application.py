"""
The application for the real clients.
"""

from typing import Any

from twisted.internet.task import deferLater
from zope.interface import implementer

from ratchet_tx import IPeriodicTimer, RoomPolicy, on


@implementer(IPeriodicTimer)
class Tick:
    """
    Counts its calls.
    """

    name = "tick"
    interval = 0.1
    count = 0

    def callback(self) -> None:
        Tick.count += 1


class Talk:
    @on("echo")
    def echo(self, event: Any) -> Any:
        return event.payload.data

    @on("push")
    def push(self, event: Any) -> None:
        for number in range(event.payload.data):
            event.connection.emit("pushed", {"number": number})

    @on("who")
    def who(self, event: Any) -> dict[str, Any]:
        request = event.connection.request
        return {"address": event.connection.remoteAddress, "path": request.path, "cookies": dict(request.cookies)}

    @on("hang up")
    def hangUp(self, event: Any) -> None:
        event.connection.close(4001, "as asked")

    @on("later")
    def later(self, event: Any) -> Any:
        return deferLater(event.hub.clock, event.payload.data, lambda: "later")

    @on("ticks")
    def ticks(self, event: Any) -> int:
        return Tick.count

    @on("fill")
    def fill(self, event: Any) -> None:
        """
        Send this many messages of 10 kB at once.
        """
        for number in range(event.payload.data):
            event.connection.emit("filled", f"{number:06}" + "x" * 10_000)


def register(applications: Any) -> None:
    applications.add(Talk())
    applications.registerRooms("news", RoomPolicy(historySize=100, historySeconds=60))
