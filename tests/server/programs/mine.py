"""
An author's applications, providers and timers for the command line, and objects that are none.
"""

from zope.interface import implementer

from ratchet_tx import AnonymousClient, AnonymousClientProvider, IPeriodicTimer, on


class Echo:
    @on("echo")
    def echo(self, event):
        return event.payload.data

    @on("slow")
    def slow(self, event):
        from twisted.internet import reactor
        from twisted.internet.task import deferLater

        return deferLater(reactor, event.payload.data, lambda: "slept")

    @on("where")
    def where(self, event):
        return event.connection.remoteAddress

    @on("ticks")
    def ticks(self, event):
        return Tick.ticks


class Other:
    @on("other")
    def other(self, event):
        return "other"


other = Other()


def several(applications):
    applications.add(Echo())
    applications.add(Other())


class Guest(AnonymousClient):
    def jsonSerialize(self):
        return "a guest"


class Provider(AnonymousClientProvider):
    def anonymousClient(self):
        return Guest()


class NoProvider:
    pass


@implementer(IPeriodicTimer)
class Tick:
    name = "tick"
    interval = 0.05
    ticks = 0

    def callback(self):
        Tick.ticks += 1


tick = Tick()


@implementer(IPeriodicTimer)
class NeverTick:
    name = "never"
    interval = 0

    def callback(self):
        pass


class Fails:
    def __init__(self):
        raise ValueError("no good")


class NeedsArguments:
    def __init__(self, x):
        pass


number = 5
