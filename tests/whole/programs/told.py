"""
Reports facts about the server that a peer can't see.
"""

import gc
import resource

from ratchet_tx import on
from ratchet_tx.connections.connection import Connection
from ratchet_tx.transport.handshake.door import Door
from ratchet_tx.transport.protocol import RatchetServerProtocol


class Told:
    """Reports facts about the server that a peer can't see."""

    opened = closed = 0

    @on("socket.open")
    def open(self, event):
        self.opened += 1

    @on("socket.close")
    def close(self, event):
        self.closed += 1

    @on("count")
    def count(self, event):
        gc.collect()
        kinds = (Connection, Door, RatchetServerProtocol)
        kept = {kind.__name__: sum(type(each) is kind for each in gc.get_objects()) for kind in kinds}
        counters = event.hub.counters
        with open("/proc/self/statm") as statm:
            memory = int(statm.read().split()[1]) * resource.getpagesize()
        return {
            **kept,
            "memory": memory,
            "refused": counters.refused,
            "closes": {str(code): count for code, count in counters.closes.items()},
            "delayed": counters.delayed,
            "open": self.opened - self.closed,
            "opened": self.opened,
        }

    @on("shout")
    def shout(self, event):
        event.hub.emit("shouted", "x" * event.payload.data)
