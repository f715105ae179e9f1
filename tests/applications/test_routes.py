"""
The table of a connection: which handlers each event goes to.
"""

from typing import Any

import pytest
from zope.interface import implementer

from ratchet_tx import IApplication, UsageError
from ratchet_tx.applications.routes import Adapted, Subscription, makeTable, subscriptions


@implementer(IApplication)
class Application:
    def __init__(self, events: Any) -> None:
        self._events = events

    def subscribedEvents(self) -> Any:
        return self._events


def handler(event: Any) -> Any:
    return "first"


def other(event: Any) -> Any:
    return "second"


def subscribed(*events: str) -> list[Subscription]:
    return [Subscription(event, handler, None) for event in events]


def test_order() -> None:
    """The handlers of an event are called in the order of their subscriptions."""
    table = makeTable([Subscription("chat", handler, None), Subscription("chat", other, None)], stranger=False)
    assert [listener.call(None) for listener in table.wire["chat"].listeners] == ["first", "second"]


def test_ownEvents() -> None:
    """C{socket.*} events are in a mapping of their own, which isn't used for messages from the wire."""
    table = makeTable(subscribed("chat", "socket.open"), stranger=False)
    assert (list(table.wire), list(table.own)) == (["chat"], ["socket.open"])


def test_strangers() -> None:
    """A stranger has only C{socket.*} events."""
    table = makeTable(subscribed("chat", "socket.open"), stranger=True)
    assert (list(table.wire), list(table.own)) == ([], ["socket.open"])


def test_watching() -> None:
    """Handlers of C{socket.message} come before those of each event, and give no reply."""
    table = makeTable([Subscription("chat", other, None), *subscribed("socket.message")], stranger=False)
    listeners = table.wire["chat"].listeners
    assert [(listener.call(None), listener.replies) for listener in listeners] == [("first", False), ("second", True)]


def test_closing() -> None:
    """An application that was made for the connection and ends gets C{socket.close}."""
    made = {"a": subscribed("socket.close", "chat"), "b": [Subscription("socket.close", other, None)]}
    adapted = Adapted(None, (), made, makeTable((), stranger=False))
    assert [listener.call(None) for listener in adapted.closing()] == ["first", "second"]
    assert [listener.call(None) for listener in adapted.closing(kept=["a"])] == ["second"]


@pytest.mark.parametrize(
    ("events", "said"),
    [(["chat"], "gives handlers by name"), ({"chat": 1}, "can't be called"), ({"socket.auth": handler}, "socket.auth")],
)
def test_badEvents(events: Any, said: str) -> None:
    """C{subscribedEvents} that returns no mapping is an error that says what to return."""
    with pytest.raises(UsageError, match=said):
        list(subscriptions(Application(events)))
