"""
All parts of the chat put together::

    PORT=8080 twistd -n --python examples/chat/server.py

Over https with C{CERTIFICATE} and C{KEY}, two files in PEM.
"""

import os
import sys
from pathlib import Path

from twisted.application.service import Application
from twisted.internet import reactor
from twisted.logger import Logger

from ratchet_tx import Hub, Settings, makeService

# twistd doesn't look beside this file by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from chat import ChatApplication
from pages import Pages
from rooms import PREFIX, Closing, Rooms
from users import Housekeeping, Users

port = int(os.environ.get("PORT", "8080"))
settings = Settings(port=port, certificate=os.environ.get("CERTIFICATE", ""), key=os.environ.get("KEY", ""))
users, rooms = Users(), Rooms()
hub = Hub(users)
hub.applications.add(ChatApplication(rooms))
hub.applications.registerRooms(f"{PREFIX}*", rooms.policy)
hub.timers.add(Housekeeping(hub, users))
hub.timers.add(Closing(hub, rooms))

application = Application("chat")
makeService(settings, hub, Pages(hub, users)).setServiceParent(application)
url = f"{'https' if settings.certificate else 'http'}://localhost:{port}/"
reactor.callWhenRunning(Logger("chat").info, "The chat is open at {url}", url=url)
