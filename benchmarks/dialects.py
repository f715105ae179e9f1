"""
How a peer speaks to a server: events as text messages, and how one logs in; it knows nothing of sockets and time.
"""

import json
from collections.abc import Generator
from typing import Any

#: Each step is what to send, if anything, and what came then.
Login = Generator[bytes | None, bytes, None]


class Unexpected(Exception):
    """
    The server said what it shouldn't, or nothing any more.
    """


class LoginRefused(Unexpected):
    """
    It answered a login with something else than a success.
    """


class Plain:
    """
    Ours, in which all servers without a protocol of their own are written: C{{"event": "echo", "data": "..."}}.
    """

    path = "/"

    def event(self, name: str, data: Any) -> bytes:
        """
        Write an event.
        """
        return _json({"event": name, "data": data})

    def read(self, message: bytes) -> tuple[str, Any]:
        """
        Read an event.

        @return: its name, and its data
        """
        event = json.loads(message)
        return event["event"], event.get("data")

    def login(self, token: str) -> Login:
        """
        Log in, step by step.

        @raise LoginRefused: by the generator, where that isn't taken
        """
        answer = yield self.event("socket.auth.request", {"token": token})
        if self.read(answer)[0] != "socket.auth.success":
            raise LoginRefused(answer)

    def answer(self, message: bytes) -> bytes | None:
        """
        Say what is to be sent for a message that is no event, but the protocol's own.

        @return: what to send, or None where the message is an event
        """
        return None


class SocketIO(Plain):
    """
    Socket.IO's, version 5, in Engine.IO's, version 4.

    A text message begins with Engine.IO's type (0 opened, 2 ping, 3 pong, 4 message), and a message with
    Socket.IO's (0 connected, 2 event, 4 refused).
    """

    path = "/socket.io/?EIO=4&transport=websocket"

    def event(self, name: str, data: Any) -> bytes:
        return b"42" + _json([name, data])

    def read(self, message: bytes) -> tuple[str, Any]:
        if not message.startswith(b"42"):
            raise ValueError(f"no event of Socket.IO's: {message[:80]!r}")
        name, *data = json.loads(message[2:])
        return name, data[0] if data else None

    def login(self, token: str) -> Login:
        opened = yield None
        if not opened.startswith(b"0"):
            raise LoginRefused(opened)
        connected = yield b"40" + _json({"token": token})
        if not connected.startswith(b"40"):
            raise LoginRefused(connected)

    def answer(self, message: bytes) -> bytes | None:
        return b"3" if message == b"2" else None


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


DIALECTS = {"plain": Plain(), "socketio": SocketIO()}
