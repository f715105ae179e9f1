"""
Starts a hub in one thread and its reactor in another, and calls the hub in the first.
"""

from threading import Thread

from twisted.internet import reactor

from ratchet_tx import Hub, UsageError

hub = Hub(clock=reactor)
hub.startService()
hub.emit("x")


def inTheReactor():
    hub.emit("x").addCallback(lambda _: reactor.stop())


reactor.callWhenRunning(inTheReactor)
thread = Thread(target=reactor.run, args=(False,))
thread.start()
thread.join(20)
try:
    hub.emit("x")
except UsageError:
    print("refused")
