"""
The chat itself: what is said in which room, and who comes and goes; it knows neither pages nor tokens.

Events from a window::

    chat.open           "Tea"                               find a room, or open it; the reply is
                                                            {"room": "Tea", "rooms": ["Lobby", "Tea"], "you": "Ada#5e1f"}
    chat.say            {"room": "Tea", "text": "hi"}       say something in a room that the window is in

and to it::

    chat.said           {"from": "Ada#5e1f", "text": "hi", "at": 1760000000}    in a room, which keeps the last of them
    chat.rooms          ["Lobby", "Tea"]                                        a room was opened or closed

Windows that know no rooms, as the original's, are in the lobby all the same. They send::

    chat.send           "hi"

and hear::

    chat.message        {"client": {"username": "Ada"}, "message": "hi"}    somebody else said it
    chat.message.sent   the same                                            you said it
    chat.here           {"people": 2}                                       you came in
    chat.joined         {"client": {"username": "Ada"}, "people": 2}        somebody else came in
    chat.left           the same, with who is left                          somebody went
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from names import NameRefused
from rooms import LOBBY, PREFIX, Rooms
from zope.interface import implementer

from ratchet_tx import ConnectionEvent, IApplication, IClient, PeerError

#: How long a message may be, in characters.
LONGEST_MESSAGE = 500


@implementer(IApplication)
class ChatApplication:
    """
    Rooms for everybody who has logged in.

    One person may have several windows, which are a connection each: coming is the first of them, going the last.

    @param rooms: which rooms there are
    """

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._windows: dict[str, IClient] = {}

    def subscribedEvents(self) -> Mapping[str, Callable[[ConnectionEvent[Any]], Any]]:
        return {
            "chat.open": self.onOpen,
            "chat.say": self.onSay,
            "chat.send": self.onSend,
            "socket.auth.success": self.onLogin,
            "socket.close": self.onClose,
        }

    def onOpen(self, event: ConnectionEvent[Any]) -> dict[str, Any]:
        """
        Find or open a room, which the window can subscribe to then.
        """
        before = self._rooms.names()
        try:
            room = self._rooms.open(_text(event.payload.data))
        except NameRefused as refusal:
            raise PeerError("chat.refused", str(refusal)) from None
        rooms = self._rooms.names()
        if rooms != before:
            event.hub.emit("chat.rooms", rooms)
        return {"room": room, "rooms": rooms, "you": event.connection.client.id}

    def onSay(self, event: ConnectionEvent[Any]) -> Any:
        """
        Tell everybody in the room, the sender too.
        """
        data = event.payload.data if isinstance(event.payload.data, dict) else {}
        room, text = _text(data.get("room")), _checked(data.get("text"))
        if PREFIX + room not in event.connection.rooms:
            raise PeerError("chat.outside", "You aren't in this room.")
        if room == LOBBY:
            event.connection.broadcast("chat.message", _message(event, text))
        return self._say(event, room, text)

    def onSend(self, event: ConnectionEvent[Any]) -> None:
        """
        Tell the others, and the sender, who can be sure then that it was told; and the lobby.
        """
        text = _checked(event.payload.data)
        event.connection.broadcast("chat.message", _message(event, text))  # everyone else
        event.connection.emit("chat.message.sent", _message(event, text))  # the sender
        self._say(event, LOBBY, text)

    def _say(self, event: ConnectionEvent[Any], room: str, text: str) -> Any:
        self._rooms.use(room)
        line = {"from": event.connection.client.id, "text": text, "at": int(time.time())}
        return event.hub.emit("chat.said", line, room=PREFIX + room)

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


def _message(event: ConnectionEvent[Any], text: str) -> dict[str, Any]:
    return {"client": event.connection.client.jsonSerialize(), "message": text}


def _text(data: Any) -> str:
    """
    Take a text from what a stranger's program sent: it may be any JSON at all.
    """
    return data if isinstance(data, str) else ""


def _checked(message: Any) -> str:
    text = _text(message).strip()
    if not 1 <= len(text) <= LONGEST_MESSAGE:
        raise PeerError("chat.invalid", f"A message is a text of 1 to {LONGEST_MESSAGE} characters.")
    return text
