"""
Takes orders at once and slowly, and counts them.
"""

import asyncio

from zope.interface import implementer

from ratchet_tx import IClient, IClientProvider, on


@implementer(IClient)
class User:
    accessToken = None

    def __init__(self, id):
        self.id = id

    def jsonSerialize(self):
        return self.id


@implementer(IClientProvider)
class Users:
    def findByAccessToken(self, token):
        return User(token)

    def updateClient(self, client):
        pass


class Shop:
    orders = done = cancelled = 0

    @on("order")
    def order(self, event):
        self.orders += 1
        return self.orders

    @on("slow")
    async def slow(self, event):
        self.orders += 1
        number = self.orders
        event.connection.emit("begun", number)
        try:
            await asyncio.sleep(event.payload.data)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.done += 1
        print("done", number)
        return number

    @on("counts", ordered=False)
    def counts(self, event):
        return [self.orders, self.done, self.cancelled]
