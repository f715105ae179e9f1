"""
Handlers that take their time: a Deferred, a coroutine, and a coroutine that awaits asyncio code.

    cd examples && twistd --reactor=asyncio -n ratchet --application waiting.Waiting
"""

import asyncio

from twisted.internet import reactor
from twisted.internet.task import deferLater

from ratchet_tx import on


class Waiting:
    @on("deferred")
    def deferred(self, event):
        return deferLater(reactor, 0.1, lambda: "from a Deferred")

    @on("coroutine")
    async def coroutine(self, event):
        await deferLater(reactor, 0.1, lambda: None)
        return "from a coroutine"

    @on("asyncio")
    async def asyncio(self, event):
        await asyncio.sleep(0.1)
        return "from asyncio"

    @on("both", ordered=False)
    async def both(self, event):
        async with asyncio.timeout(5):
            await deferLater(reactor, 0.1, lambda: None)
            await asyncio.sleep(0.1)
        return "from both"
