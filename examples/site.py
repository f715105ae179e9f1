"""
A hub inside of a twisted.web site, beside ordinary pages.

    python examples/site.py
"""

import os
import sys

from twisted.internet import reactor
from twisted.internet.endpoints import serverFromString
from twisted.logger import globalLogBeginner, textFileLogObserver
from twisted.web.resource import Resource
from twisted.web.server import Site
from twisted.web.static import Data

from ratchet_tx import Hub, RatchetResource, browserClient, on


class Echo:
    @on("echo")
    def echo(self, event):
        event.connection.emit("echo", event.payload.data)


hub = Hub()
hub.applications.add(Echo())

root = Resource()
root.putChild(b"", Data(b"<!doctype html><title>Home</title><h1>An ordinary page</h1>", "text/html"))
root.putChild(b"ws", RatchetResource(hub))
root.putChild(b"ratchet.js", browserClient())

endpoint = serverFromString(reactor, f"tcp:{os.environ.get('PORT', 8080)}:interface=127.0.0.1")
endpoint.listen(Site(root))

globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stdout)])
reactor.run()
