"""
Handlers that take as long as their event says.
"""

import gc

from twisted.internet import reactor
from twisted.internet.task import deferLater

from ratchet_tx import on


class Echo:
    @on("frozen")
    def frozen(self, event):
        return gc.get_freeze_count()

    @on("slow")
    def slow(self, event):
        return deferLater(reactor, event.payload.data, lambda: "slept")
