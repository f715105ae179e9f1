"""
What the server under attack serves: rooms with a history and presence, a provider that may be slow, and its own figures.
"""

import ctypes
import os
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from zope.interface import implementer

from benchmarks.machine import memoryBytes
from ratchet_tx import AnonymousClientProvider, IClientProvider, RoomPolicy, on
from ratchet_tx.interfaces import IAnonymousClientProvider, IClient

#: How long the slow token is looked up, in seconds: within the time that a login may take.
SLOW_SECONDS = 8

#: How long a large result is.
LARGE = "x" * 60_000


class Served:
    """
    What any client may ask.
    """

    @on("echo")
    def echo(self, event: Any) -> Any:
        return event.payload.data

    @on("large")
    def large(self, event: Any) -> str:
        return LARGE

    @on("fill")
    def fill(self, event: Any) -> None:
        """
        Publish many events in a room.
        """
        for number in range(event.payload.data["count"]):
            event.hub.emit("item", number, room=event.payload.data["room"])

    @on("figures")
    def figures(self, event: Any) -> dict[str, Any]:
        """
        Say how much memory is in use once what is free was given back, and what the server itself counts.
        """
        ctypes.CDLL(None).malloc_trim(0)
        ledger = event.hub.ledger
        return {"memory": memoryBytes(os.getpid()), "ledger": {"bytes": ledger.bytes, **ledger.parts}}


@implementer(IClient)
class User:
    """
    Somebody with a token, or a guest.
    """

    def __init__(self, id: str, accessToken: str = "") -> None:
        self.id = id
        self.accessToken = accessToken

    def jsonSerialize(self) -> Any:
        return {"username": self.id}


@implementer(IClientProvider, IAnonymousClientProvider)
class Users(AnonymousClientProvider):
    """
    Knows the tokens that begin with C{good-}, slowly those with C{slow-}; who shows C{ugly-} has an id of control bytes.
    """

    def findByAccessToken(self, accessToken: str) -> User | Deferred[User] | None:
        kind, _, name = accessToken.partition("-")
        if kind == "good":
            return User(name, accessToken)
        if kind == "ugly":
            return User(f"\x1b[31m{name}\x07\r\n\x1b]0;owned\x07", accessToken)
        if kind == "slow":
            from twisted.internet import reactor

            return deferLater(reactor, SLOW_SECONDS, User, name, accessToken)
        return None


def register(applications: Any) -> None:
    """
    Register it all.
    """
    applications.add(Served())
    applications.registerRooms("kept.*", RoomPolicy(historySize=100, historySeconds=60))
    applications.registerRooms("shown.*", RoomPolicy(presence=True))
