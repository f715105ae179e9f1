"""
An application for tests of sockets.
"""

from typing import Any

from ratchet_tx import on


class Talk:
    """
    Replies, and records the ends of connections.
    """

    def __init__(self) -> None:
        self.ends: list[Any] = []

    @on("echo")
    def echo(self, event: Any) -> Any:
        event.connection.emit("echo", event.payload.data)

    @on("bye")
    def bye(self, event: Any) -> None:
        event.connection.emit("bye")
        event.connection.close(event.payload.data, "that's it")

    @on("where")
    def where(self, event: Any) -> Any:
        connection = event.connection
        return [connection.remoteAddress, connection.request.path, dict(connection.request.query)]

    @on("socket.close")
    def end(self, event: Any) -> None:
        self.ends.append(event.payload.data)
