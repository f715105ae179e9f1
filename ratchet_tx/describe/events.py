"""
Collects the registered events and what their handlers' annotations say, without a connection.
"""

from collections.abc import Iterable, Iterator
from inspect import getdoc, isclass, isfunction, ismethod
from typing import Any, NamedTuple, get_args, get_type_hints

from zope.interface import Interface

from ratchet_tx.applications.datatypes import DataTypes, resultType
from ratchet_tx.applications.decorator import OWN_EVENTS, handlersOf
from ratchet_tx.applications.event import Handler
from ratchet_tx.applications.registry import Applications
from ratchet_tx.describe.schemas import EventType
from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IApplication, IClient


class Registered(NamedTuple):
    """
    The events that are registered.

    @ivar events: the events that peers may send, ordered by name
    @ivar unseen: for each application that can't be examined, one sentence that says why
    """

    events: tuple[EventType, ...]
    unseen: tuple[str, ...]


class _Found(NamedTuple):
    """
    A handler of an event.

    @ivar application: the name of the registration; of several with one name each client gets one
    @ivar only: the clients that it is for, as the dotted name of their interface or class; blank for all
    """

    application: str
    only: str
    handler: Handler
    dataType: Any


def findRegistered(applications: Applications) -> Registered:
    """
    Find the events of the registered applications.

    An application that is made for each connection can be examined if its class is known: if the class itself is
    registered, or a function whose annotated result is the class.

    @raise UsageError: for events and types that can't be registered
    """
    byEvent: dict[str, list[_Found]] = {}
    unseen = []
    for required, name, factory in _registrations(applications):
        try:
            handlers = _handlers(factory)
        except _Unseen as reason:
            unseen.append(f"{name}: {reason}")
            continue
        for event, handler in handlers:
            if event not in OWN_EVENTS:
                found = _Found(name, _clientName(required[0]), handler, DataTypes().of(event, handler))
                byEvent.setdefault(event, []).append(found)
    return Registered(tuple(_eventType(event, byEvent[event]) for event in sorted(byEvent)), tuple(unseen))


class _Unseen(Exception):
    """
    An application's events can't be found without a connection.
    """


def _registrations(applications: Applications) -> Iterator[tuple[Any, str, Any]]:
    """
    Walk over the applications' factories, in the order in which their handlers are called.
    """
    known: dict[tuple[Any, str], Any] = {}
    for adapter in applications.registrations():
        known.setdefault((adapter.required, adapter.name), adapter.factory)
    for (required, name), factory in sorted(known.items(), key=lambda each: (each[0][1], _clientName(each[0][0][0]))):
        yield required, name, factory


def _clientName(required: Any) -> str:
    if required in (None, Interface, IClient):
        return ""
    return str(getattr(required, "__identifier__", required.__name__))


def _handlers(factory: Any) -> list[tuple[str, Handler]]:
    if not isclass(factory) and IApplication.providedBy(factory):
        return list(factory.subscribedEvents().items())
    return [each for kind in _classes(factory) for each in _handlersOf(kind)]


def _classes(factory: Any) -> list[type]:
    if isclass(factory):
        return [factory]
    try:
        given = get_type_hints(factory).get("return")
    except Exception:
        given = None
    kinds = [kind for kind in (get_args(given) or (given,)) if kind is not type(None)]
    if not all(isclass(kind) for kind in kinds):
        raise _Unseen("its result's class is unknown: annotate the function, -> TheClass.")
    return kinds


def _handlersOf(kind: Any) -> Iterable[tuple[str, Handler]]:
    if not hasattr(kind, "subscribedEvents"):
        return _marked(kind)
    try:
        # An object without __init__, for there is no client: most subscribedEvents() only name their methods.
        return list(kind.__new__(kind).subscribedEvents().items())
    except Exception as error:
        raise _Unseen(f"{kind.__name__}.subscribedEvents() needs a connection ({type(error).__name__}).") from error


def _marked(kind: type) -> Iterable[tuple[str, Handler]]:
    try:
        return handlersOf(kind).items()
    except UsageError as error:
        raise _Unseen(str(error)) from error


def _eventType(event: str, found: list[_Found]) -> EventType:
    only = {each.only for each in found}
    return EventType(
        event,
        takes=tuple(_takes(found)),
        gives=tuple(_gives(found)),
        about="\n\n".join(dict.fromkeys(about for each in found if (about := _about(each.handler)))),
        only=() if "" in only else tuple(sorted(only)),
    )


def _takes(found: list[_Found]) -> Iterator[tuple[Any, ...]]:
    """
    Group the types by application: every application gets the event, but of one name's registrations each client has one.
    """
    byApplication: dict[str, list[Any]] = {}
    for each in found:
        byApplication.setdefault(each.application, []).append(each.dataType)
    for kinds in byApplication.values():
        if None not in kinds:
            yield tuple(kinds)


def _gives(found: list[_Found]) -> list[Any]:
    kinds = [resultType(each.handler) for each in found]
    # The reply is the first result that isn't None.
    return [kind for kind in kinds if kind is not type(None)] or [type(None)]


def _about(handler: Handler) -> str:
    # For any other object getdoc gives its class's docstring.
    text = getdoc(handler) if isfunction(handler) or ismethod(handler) else None
    return (text or "").strip().partition("\n\n")[0]
