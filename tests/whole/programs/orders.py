"""
Receives orders, and loses each connection before the reply.
"""

from hello import Users  # noqa: F401 - the command line names it in this module

from ratchet_tx import on


class Orders:
    taken = 0

    @on("order")
    def order(self, event):
        self.taken += 1
        event.connection.close(4000)
        return self.taken

    @on("misbehave")
    def misbehave(self, event):
        event.connection.close(4503, "Out")
