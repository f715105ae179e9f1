"""
All parts of the chat put together::

    PORT=8080 twistd -n --python examples/chat/server.py
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
users, rooms = Users(), Rooms()
hub = Hub(users)
hub.applications.add(ChatApplication(rooms))
hub.applications.registerRooms(f"{PREFIX}*", rooms.policy)
hub.timers.add(Housekeeping(hub, users))
hub.timers.add(Closing(hub, rooms))

application = Application("chat")
makeService(Settings(port=port), hub, Pages(hub, users)).setServiceParent(application)
reactor.callWhenRunning(Logger("chat").info, "The chat is open at http://localhost:{port}/", port=port)
