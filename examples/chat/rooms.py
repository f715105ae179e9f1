"""
Which rooms there are: the lobby, and those that people open; it knows neither what is said there nor who is in them.
"""

import time
from collections.abc import Callable
from typing import Any

from names import NameRefused, look, tidy
from zope.interface import implementer

from ratchet_tx import IHub, IPeriodicTimer, RoomPolicy

LOBBY = "Lobby"

#: What the names of these rooms begin with for the hub, which may have others.
PREFIX = "chat:"

MOST_ROOMS = 100

#: Of each room the hub keeps so many lines for so long; a room that is empty for so long is closed.
KEPT_LINES = 100
KEPT_SECONDS = 12 * 60 * 60


class Rooms:
    """
    The rooms, by name.

    @param now: tells the time in seconds
    @ivar policy: for the hub: all who are logged in may enter any of them, and see who else is there
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lastUsed = {LOBBY: now()}
        self.policy = RoomPolicy(KEPT_LINES, KEPT_SECONDS, presence=True, mayJoin=lambda client, room: room in self)

    def __contains__(self, room: str) -> bool:
        return room.removeprefix(PREFIX) in self._lastUsed

    def names(self) -> list[str]:
        """
        Name them all, the lobby first.
        """
        return [LOBBY, *sorted(self._lastUsed.keys() - {LOBBY}, key=str.casefold)]

    def open(self, wanted: str) -> str:
        """
        Find a room, or open it.

        @param wanted: its name, as somebody typed it
        @return: its name
        @raise NameRefused: where there can't be one of this name
        """
        name = tidy(wanted)
        name = next((known for known in self._lastUsed if look(known) == look(name)), name)
        if name not in self._lastUsed and len(self._lastUsed) >= MOST_ROOMS:
            raise NameRefused("There are too many rooms just now. Please use one that there is.")
        self.use(name)
        return name

    def use(self, name: str) -> None:
        """
        Keep a room open for longer.
        """
        self._lastUsed[name] = self._now()

    def unused(self) -> list[str]:
        """
        Name the rooms that can be closed, where nobody is in them.
        """
        return [name for name, used in self._lastUsed.items() if name != LOBBY and used + KEPT_SECONDS <= self._now()]

    def close(self, name: str) -> None:
        """
        Forget a room.
        """
        del self._lastUsed[name]


@implementer(IPeriodicTimer)
class Closing:
    """
    Closes the rooms that nobody uses any more.
    """

    name = "chat.closing"
    interval = 60

    def __init__(self, hub: IHub, rooms: Rooms) -> None:
        self._hub = hub
        self._rooms = rooms

    async def callback(self) -> Any:
        for name in self._rooms.unused():
            if not await self._hub.members(PREFIX + name):
                self._rooms.close(name)
                self._hub.emit("chat.rooms", self._rooms.names())
