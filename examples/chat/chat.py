"""
The chat itself: what somebody says, and who comes and goes, is told to all others; it knows neither pages nor tokens.

Events from a window::

    chat.send           "hi"

and to it::

    chat.message        {"client": {"username": "Ada"}, "message": "hi"}    somebody else said it
    chat.message.sent   the same                                            you said it
    chat.here           {"people": 2}                                       you came in
    chat.joined         {"client": {"username": "Ada"}, "people": 2}        somebody else came in
    chat.left           the same, with who is left                          somebody went
"""

from collections.abc import Callable, Mapping
from typing import Any

from zope.interface import implementer

from ratchet_tx import ConnectionEvent, IApplication, IClient, PeerError

#: How long a message may be, in characters.
LONGEST_MESSAGE = 500


@implementer(IApplication)
class ChatApplication:
    """
    One room, in which everybody is who has logged in.

    One person may have several windows, which are a connection each: coming is the first of them, going the last.
    """

    def __init__(self) -> None:
        self._windows: dict[str, IClient] = {}

    def subscribedEvents(self) -> Mapping[str, Callable[[ConnectionEvent[Any]], None]]:
        return {
            "chat.send": self.onSend,
            "socket.auth.success": self.onLogin,
            "socket.close": self.onClose,
        }

    def onSend(self, event: ConnectionEvent[Any]) -> None:
        """
        Tell the others, and the sender, who can be sure then that it was told.
        """
        message = {"client": event.connection.client.jsonSerialize(), "message": _checked(event.payload.data)}
        event.connection.broadcast("chat.message", message)  # everyone else
        event.connection.emit("chat.message.sent", message)  # the sender

    def onLogin(self, event: ConnectionEvent[Any]) -> None:
        """
        Let somebody in.
        """
        self.onClose(event)  # who logs in once more may be somebody else now
        connection, client = event.connection, event.connection.client
        isNew = client.id not in self._people()
        self._windows[connection.id] = client
        if isNew:
            connection.broadcast("chat.joined", self._news(client))
        connection.emit("chat.here", {"people": len(self._people())})

    def onClose(self, event: ConnectionEvent[Any]) -> None:
        """
        Let somebody go; a stranger, who never logged in, isn't missed.
        """
        client = self._windows.pop(event.connection.id, None)
        if client is not None and client.id not in self._people():
            event.hub.emit("chat.left", self._news(client))

    def _people(self) -> set[str]:
        return {client.id for client in self._windows.values()}

    def _news(self, client: IClient) -> dict[str, Any]:
        return {"client": client.jsonSerialize(), "people": len(self._people())}


def _checked(message: Any) -> str:
    """
    Check what a stranger's program sent: it may be any JSON at all.
    """
    text = message.strip() if isinstance(message, str) else ""
    if not 1 <= len(text) <= LONGEST_MESSAGE:
        raise PeerError("chat.invalid", f"A message is a text of 1 to {LONGEST_MESSAGE} characters.")
    return text
