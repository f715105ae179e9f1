"""
Watching a hub: its counters, and what happens on it.

    twistd -n --python examples/watching.py
"""

import os

from twisted.application.service import Application

from ratchet_tx import Closed, Hub, LoginFailed, Opened, Settings, makeService, on


class HowMany:
    @on("how.many")
    def howMany(self, event):
        counters = event.hub.counters
        return {"open": counters.opened - counters.closed, "received": counters.received}


def tell(happening):
    print(f"{type(happening).__name__}: {len(hub.connections)} here, {happening.connection.remoteAddress}")


hub = Hub()
hub.applications.add(HowMany())
for happening in (Opened, Closed, LoginFailed):
    hub.observe(tell, happening)

application = Application("watching")
settings = Settings(port=int(os.environ.get("PORT", 8080)), address="127.0.0.1")
makeService(settings, hub).setServiceParent(application)
