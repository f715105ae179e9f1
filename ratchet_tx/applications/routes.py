"""
The routes of a connection: the handlers that each event goes to.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ratchet_tx.applications.datatypes import converting
from ratchet_tx.applications.decorator import OWN_EVENTS, checkSubscribable, isOrdered
from ratchet_tx.applications.event import Handler
from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IApplication


class Listener(NamedTuple):
    """
    One application's handler of one event.

    @ivar call: the handler
    @ivar replies: whether what it gives is the event's reply
    """

    call: Handler
    replies: bool


class Subscription(NamedTuple):
    """
    What an application says of one of its events.

    @ivar handler: what it is given to
    @ivar dataType: the type that its data is to be of; None for any data
    """

    event: str
    handler: Handler
    dataType: Any

    def listener(self, replies: bool = True) -> Listener:
        """
        Make what is called: for who takes any data the handler itself.
        """
        call = self.handler if self.dataType is None else converting(self.handler, self.dataType)
        return Listener(call, replies)


class Route(NamedTuple):
    """
    Where an event goes to.

    @ivar listeners: whom it is given to, in this order
    @ivar ordered: whether it waits until the connection's last event has been handled
    """

    listeners: tuple[Listener, ...]
    ordered: bool


class Table(NamedTuple):
    """
    What one connection's events lead to; they are apart, so that nothing from the wire finds an event of our own.

    @ivar wire: the routes of events that peers send
    @ivar own: the routes of the protocol's own events
    """

    wire: Mapping[str, Route]
    own: Mapping[str, Route]


class Adapted(NamedTuple):
    """
    The applications of one connection.

    @ivar owner: for whom they were made; None where all of them are shared
    @ivar found: what was registered for it, names with factories
    @ivar made: the events of those that were made for it alone, by the names of their registrations
    @ivar table: what the connection's events lead to
    """

    owner: Any
    found: tuple[tuple[str, Any], ...]
    made: Mapping[str, list[Subscription]]
    table: Table

    def closing(self, kept: Collection[str] = ()) -> tuple[Listener, ...]:
        """
        Name the handlers of C{socket.close} of those that were made for it alone.

        @param kept: the names of those that go on
        """
        ending = [made for name, made in self.made.items() if name not in kept]
        return tuple(each.listener() for made in ending for each in made if each.event == "socket.close")


def makeTable(subscriptions: Iterable[Subscription], stranger: bool) -> Table:
    """
    Make the table of one connection.

    @param subscriptions: those of its applications, in the order in which they are called
    @param stranger: whether nobody is logged in, who may use the protocol's own events only
    """
    byEvent: dict[str, list[Subscription]] = {}
    for each in subscriptions:
        byEvent.setdefault(each.event, []).append(each)
    watching = tuple(each.listener(replies=False) for each in byEvent.pop("socket.message", ()))
    wire: dict[str, Route] = {}
    own: dict[str, Route] = {}
    for event, subscribed in byEvent.items():
        listeners = tuple(each.listener() for each in subscribed)
        if event in OWN_EVENTS:
            own[event] = Route(listeners, ordered=True)
        elif not stranger:
            wire[event] = Route(watching + listeners, any(isOrdered(event, each.handler) for each in subscribed))
    return Table(wire, own)


def subscriptions(application: IApplication) -> Iterator[tuple[str, Handler]]:
    """
    Give an application's events with their handlers.

    @raise UsageError: where they are no events that one may subscribe to, or no handlers
    """
    subscribed = application.subscribedEvents()
    if not isinstance(subscribed, Mapping):
        raise UsageError(
            f"subscribedEvents() gives handlers by name, {{'chat.send': self.onSend}}, not {type(subscribed).__name__}."
        )
    for event, handler in subscribed.items():
        checkSubscribable(event)
        if not callable(handler):
            raise UsageError(f"The handler of {event!r} can't be called: {handler!r}.")
        yield event, handler
