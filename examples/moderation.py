"""
Who may do what: applications that are registered for the clients of one interface only.

    cd examples && twistd -n ratchet --application moderation.register --provider moderation.People
"""

from zope.interface import implementer

from ratchet_tx import IClient, IClientProvider, on


class IModerator(IClient):
    """
    Who may send others away.
    """


@implementer(IClient)
class Person:
    def __init__(self, id):
        self.id = id
        self.accessToken = f"{id}-secret"

    def jsonSerialize(self):
        return {"username": self.id}


@implementer(IModerator)
class Moderator(Person):
    pass


@implementer(IClientProvider)
class People:
    people = {person.accessToken: person for person in (Person("ada"), Moderator("grace"))}

    def findByAccessToken(self, accessToken):
        return self.people.get(accessToken)

    def updateClient(self, client):
        pass


class Talk:
    @on("say")
    def say(self, event):
        event.connection.broadcast("said", event.payload.data)


class Moderation:
    def __init__(self, client, connection):
        self.client = client

    @on("ban")
    def ban(self, event):
        event.hub.disconnect(event.payload.data)
        return f"{event.payload.data} is banned by {self.client.id}"


def register(applications):
    applications.add(Talk())
    applications.register(Moderation, client=IModerator)
