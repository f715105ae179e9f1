"""
The applications of the server whose time of day is set.
"""

import time

from twisted.internet.defer import Deferred
from zope.interface import implementer

from ratchet_tx import AskRefused, IClient, IClientProvider, on
from ratchet_tx.interfaces import IPeriodicTimer


class Chat:
    @on("echo")
    def echo(self, event):
        return event.payload.data

    @on("endless", ordered=False)
    def endless(self, event):
        return Deferred()

    @on("ask", ordered=False)
    async def ask(self, event):
        try:
            return await event.connection.ask("question", timeout=0.5)
        except AskRefused as refused:
            return refused.code

    @on("ticks")
    def ticks(self, event):
        return Ticking.ticks


@implementer(IPeriodicTimer)
class Ticking:
    name, interval, ticks = "ticking", 0.05, 0

    def callback(self):
        Ticking.ticks += 1


@implementer(IClient)
class User:
    accessToken = None

    def __init__(self, id, expires=None):
        self.id, self.expires = id, expires

    def jsonSerialize(self):
        return {"username": self.id}


@implementer(IClientProvider)
class Users:
    def findByAccessToken(self, token):
        return User(token, time.time() + float(token.partition("-")[2]) if "-" in token else None)

    def updateClient(self, client):
        pass
