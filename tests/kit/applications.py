"""
Applications for tests, which record what they receive.
"""

from typing import Any

from twisted.internet.defer import Deferred

from ratchet_tx import on


class Echo:
    """
    Replies with what it receives, and can wait for the test.
    """

    def __init__(self) -> None:
        self.asked: list[Deferred[Any]] = []
        self.order: list[Any] = []

    @on("echo")
    def echo(self, event: Any) -> Any:
        self.order.append(event.payload.data)
        event.connection.emit("echo", event.payload.data)
        return event.payload.data

    @on("later")
    def later(self, event: Any) -> Deferred[Any]:
        self.order.append(event.payload.data)
        self.asked.append(Deferred())
        return self.asked[-1]

    @on("beside", ordered=False)
    def beside(self, event: Any) -> Deferred[Any]:
        return self.later(event)

    @on("shout")
    def shout(self, event: Any) -> None:
        event.connection.broadcast("shout", event.payload.data)


class Diary:
    """
    Records the C{socket.*} events that it receives.
    """

    def __init__(self) -> None:
        self.entries: list[tuple[str, Any]] = []

    @on(
        "socket.open",
        "socket.close",
        "socket.error",
        "socket.message",
        "socket.auth.success",
        "socket.auth.failure",
    )
    def note(self, event: Any) -> None:
        self.entries.append((event.payload.event, event.payload.data))

    def names(self) -> list[str]:
        return [event for event, _ in self.entries]


class LoginDiary:
    """
    Replies with the client of the connection, and records logins.
    """

    def __init__(self) -> None:
        self.entries: list[tuple[str, Any]] = []

    @on("socket.auth.success", "socket.auth.failure", "socket.close")
    def note(self, event: Any) -> None:
        self.entries.append((event.payload.event, event.payload.data))

    @on("who")
    def who(self, event: Any) -> Any:
        return event.connection.client.id
