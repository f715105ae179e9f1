"""
Adapts the objects that authors add to L{IApplication<ratchet_tx.interfaces.IApplication>}.
"""

from inspect import signature
from typing import Any, cast

from zope.interface import implementer

from ratchet_tx.applications.decorator import markedMethods
from ratchet_tx.applications.event import Handler
from ratchet_tx.applications.routes import subscriptions
from ratchet_tx.applications.verify import requireProvided
from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IApplication


@implementer(IApplication)
class SharedApplication:
    """
    An adapter factory that gives every connection the same application.

    It calls C{subscribedEvents} once, when the application is added.
    """

    def __init__(self, application: IApplication) -> None:
        self._subscribed = dict(subscriptions(application))
        for event, handler in self._subscribed.items():
            if not accepts(handler, 1):
                raise UsageError(f"The handler of {event!r} must take one argument: it is called with a ConnectionEvent.")

    def __call__(self, client: Any, connection: Any) -> IApplication:
        return self

    def subscribedEvents(self) -> dict[str, Handler]:
        return self._subscribed


@implementer(IApplication)
class _MarkedApplication:
    """
    Provides IApplication for an object whose methods are marked by L{on}.
    """

    def __init__(self, marked: object) -> None:
        self._marked = marked

    def subscribedEvents(self) -> dict[str, Handler]:
        return {event: getattr(self._marked, name) for event, name in markedMethods(type(self._marked)).items()}


def asApplication(candidate: Any) -> IApplication:
    """
    Adapt an object to IApplication.

    @param candidate: an L{IApplication}, or an object whose methods are marked by L{on}
    @raise UsageError: for an object with C{subscribedEvents} that doesn't provide L{IApplication}
    """
    if not hasattr(candidate, "subscribedEvents"):
        return _MarkedApplication(candidate)
    return cast(IApplication, requireProvided(IApplication, candidate))


def accepts(function: Any, count: int) -> bool:
    """
    Say whether a function can be called with so many arguments.
    """
    try:
        signature(function).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:
        # Some builtins have no signature to look at.
        return True
    return True
