"""
The routes of a connection: which handlers each event goes to.
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
    @ivar replies: whether its result may be the reply
    """

    call: Handler
    replies: bool


class Subscription(NamedTuple):
    """
    An application's subscription to one event.

    @ivar event: the event's name
    @ivar handler: its handler
    @ivar dataType: the type of its data; None for any data
    """

    event: str
    handler: Handler
    dataType: Any

    def listener(self, replies: bool = True) -> Listener:
        """
        Make the listener; it converts the data if the handler takes a type.
        """
        call = self.handler if self.dataType is None else converting(self.handler, self.dataType)
        return Listener(call, replies)


class Route(NamedTuple):
    """
    The listeners of an event.

    @ivar listeners: the listeners, in the order in which they are called
    @ivar ordered: whether the event waits until the connection's previous event has been handled
    """

    listeners: tuple[Listener, ...]
    ordered: bool


class Table(NamedTuple):
    """
    The routes of one connection, in two mappings: so no message from a peer can reach a C{socket.*} event's handlers.

    @ivar wire: the routes of events that peers send
    @ivar own: the routes of the hub's own events, C{socket.*}
    """

    wire: Mapping[str, Route]
    own: Mapping[str, Route]


class Adapted(NamedTuple):
    """
    The applications of one connection.

    @ivar owner: the key of the client that they were made for; None where all of them are shared
    @ivar found: the registrations for this connection, as names with factories
    @ivar made: the subscriptions of the applications made for this connection, by registration name
    @ivar table: the connection's routes
    """

    owner: Any
    found: tuple[tuple[str, Any], ...]
    made: Mapping[str, list[Subscription]]
    table: Table

    def closing(self, kept: Collection[str] = ()) -> tuple[Listener, ...]:
        """
        List the C{socket.close} listeners of the applications that were made for this connection and end now.

        @param kept: the names of those that don't end
        """
        ending = [made for name, made in self.made.items() if name not in kept]
        return tuple(each.listener() for made in ending for each in made if each.event == "socket.close")


def makeTable(subscriptions: Iterable[Subscription], stranger: bool) -> Table:
    """
    Make the table of one connection.

    @param subscriptions: the subscriptions of its applications, in the order in which they are called
    @param stranger: whether no client is logged in: then the table has only C{socket.*} events
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
    List an application's events with their handlers.

    @raise UsageError: for an event that it can't subscribe to, and for a handler that can't be called
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
