"""
The factory on an endpoint of an existing Twisted program: sockets only, no pages.

    python examples/endpoint.py
"""

import os
import sys

from twisted.internet import reactor
from twisted.internet.endpoints import serverFromString
from twisted.logger import globalLogBeginner, textFileLogObserver

from ratchet_tx import Hub, RatchetServerFactory, on


class Echo:
    @on("echo")
    def echo(self, event):
        event.connection.emit("echo", event.payload.data)


hub = Hub()
hub.applications.add(Echo())

endpoint = serverFromString(reactor, f"tcp:{os.environ.get('PORT', 8080)}:interface=127.0.0.1")
endpoint.listen(RatchetServerFactory(hub))

globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stdout)])
reactor.run()
