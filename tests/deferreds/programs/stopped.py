"""
The applications of the server that is stopped.
"""

import time

from twisted.internet.defer import Deferred
from zope.interface import implementer

from ratchet_tx import AskRefused, IClient, IClientProvider, on


class Chat:
    waiting = Deferred()

    @on("wait", ordered=False)
    def wait(self, event):
        return self.waiting

    @on("go")
    def go(self, event):
        self.waiting.callback("went")

    @on("ask", ordered=False)
    async def ask(self, event):
        try:
            return await event.connection.ask("question", timeout=2.5)
        except AskRefused as refused:
            return refused.code

    @on("block")
    def block(self, event):
        time.sleep(event.payload.data)


@implementer(IClient)
class User:
    accessToken = None

    def __init__(self, id):
        self.id = id

    def jsonSerialize(self):
        return {"username": self.id}


@implementer(IClientProvider)
class Users:
    def findByAccessToken(self, token):
        return User(token)

    def updateClient(self, client):
        pass
