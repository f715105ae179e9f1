"""
A hub beside somebody else's service, in one process.

    twistd -n --python examples/beside.py
"""

import os

from twisted.application.internet import TimerService
from twisted.application.service import Application, MultiService

from ratchet_tx import Hub, Settings, makeService, on


class Weather:
    temperature = 20

    @on("weather")
    def weather(self, event):
        return self.temperature


weather = Weather()
hub = Hub()
hub.applications.add(weather)


def measure():
    weather.temperature += 1
    hub.emit("weather.changed", weather.temperature)


application = Application("weather")
services = MultiService()
services.setServiceParent(application)
TimerService(0.5, measure).setServiceParent(services)
settings = Settings(port=int(os.environ.get("PORT", 8080)), address="127.0.0.1")
makeService(settings, hub).setServiceParent(services)
