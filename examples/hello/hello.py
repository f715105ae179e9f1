"""
A first application, with clients and a timer of its own; the README builds it step by step.

    twistd -n ratchet --application hello.Hello --provider hello.Users --timer hello.Heartbeat --static site
"""

from datetime import UTC, datetime
from hmac import compare_digest

from zope.interface import implementer

from ratchet_tx import IApplication, IClient, IClientProvider, IPeriodicTimer, PeerError


@implementer(IApplication)
class Hello:
    def subscribedEvents(self):
        return {"hello": self.onHello, "shout": self.onShout}

    def onHello(self, event):
        return f"Hello, {event.payload.data}!"

    def onShout(self, event):
        if not isinstance(event.payload.data, str):
            raise PeerError("shout.invalid", "Shout a text")
        message = {"client": event.connection.client.jsonSerialize(), "text": event.payload.data.upper()}
        event.connection.broadcast("shouted", message)  # everyone else
        event.connection.emit("shouted", message)  # the sender


@implementer(IClient)
class User:
    def __init__(self, id, accessToken):
        self.id = id
        self.accessToken = accessToken

    def jsonSerialize(self):
        return {"username": self.id}


@implementer(IClientProvider)
class Users:
    users = [User("ada", "ada-secret"), User("grace", "grace-secret")]

    def findByAccessToken(self, accessToken):
        for user in self.users:
            if compare_digest(user.accessToken.encode(), accessToken.encode()):
                return user
        return None

    def updateClient(self, client):
        pass  # a database would be told here that client.accessToken has changed


@implementer(IPeriodicTimer)
class Heartbeat:
    name = "heartbeat"
    interval = 60  # seconds

    def callback(self):
        print(f"Still here at {datetime.now(UTC):%H:%M}")
