"""
The decorator C{on} marks methods as handlers of events.
"""

from collections.abc import Callable
from inspect import getattr_static
from types import FunctionType, MethodType
from typing import Any, NamedTuple, TypeVar

from ratchet_tx.applications.event import Handler
from ratchet_tx.errors import UsageError
from ratchet_tx.wire.names import RESERVED, checkName

Marked = TypeVar("Marked", bound=Callable[..., Any])

#: The C{socket.*} events that an application may subscribe to; L{ratchet_tx.hub.hub} fires them.
OWN_EVENTS = frozenset(
    {
        "socket.open",
        "socket.close",
        "socket.error",
        "socket.message",
        "socket.auth.success",
        "socket.auth.failure",
    }
)

_MARKS = "_ratchetMarks"


class _Mark(NamedTuple):
    events: tuple[str, ...]
    ordered: bool


def on(*events: str, ordered: bool = True) -> Callable[[Marked], Marked]:
    """
    Mark a method as the handler of events, so that the class needs no C{subscribedEvents}.

    @param events: the names of the events
    @param ordered: whether an event waits until the connection's previous event has been handled; False lets this handler
        run at the same time as others
    @raise UsageError: for a name that no event can have, and without a name
    """
    if not events or callable(events[0]):
        raise UsageError('Name the events that the method handles: @on("chat.send").')
    for event in events:
        checkSubscribable(event)

    def mark(method: Marked) -> Marked:
        setattr(method, _MARKS, (*getattr(method, _MARKS, ()), _Mark(events, ordered)))
        return method

    return mark


def checkSubscribable(event: Any) -> None:
    """
    Check that an application may subscribe to an event.

    @raise UsageError: for what isn't a name, and for C{socket.*} events that aren't in L{OWN_EVENTS}
    """
    checkName(event)
    if event.startswith(RESERVED) and event not in OWN_EVENTS:
        raise UsageError(
            f"{event!r} can't be subscribed to: of the protocol's own events there are {', '.join(sorted(OWN_EVENTS))}."
        )


def markedMethods(kind: type) -> dict[str, str]:
    """
    Find the names of a class's marked methods, by event.
    """
    methods: dict[str, str] = {}
    for name in dir(kind):
        for event in (event for mark in getattr(getattr(kind, name, None), _MARKS, ()) for event in mark.events):
            if methods.setdefault(event, name) != name:
                raise UsageError(
                    f"{kind.__name__} has two methods for {event!r}, {methods[event]} and {name}: it can have one."
                )
    if not methods:
        raise UsageError(
            f"{kind.__name__} is no application: it has neither a method subscribedEvents() nor one that is marked by "
            '@on("event").'
        )
    return methods


def handlersOf(kind: type) -> dict[str, Handler]:
    """
    Find a class's marked methods, by event; they can be examined, but not called.
    """
    return {event: _unbound(kind, name) for event, name in markedMethods(kind).items()}


def _unbound(kind: type, name: str) -> Handler:
    method = getattr_static(kind, name)
    return MethodType(method, kind) if isinstance(method, FunctionType) else getattr(kind, name)


def isOrdered(event: str, handler: Handler) -> bool:
    """
    Say whether a handler wants its event to wait until the connection's previous event has been handled.
    """
    return all(mark.ordered for mark in getattr(handler, _MARKS, ()) if event in mark.events)
