"""
The decorator that marks a method as a handler; what the applications do with it is in the registry's tests.
"""

from typing import Any

import pytest

from ratchet_tx import UsageError, on
from ratchet_tx.applications.decorator import OWN_EVENTS, handlersOf, isOrdered


class Chat:
    """
    An application with methods marked in every way.
    """

    @on("chat.send")
    def send(self, event: Any) -> None: ...

    @on("chat.typing", ordered=False)
    @on("chat.seen", "socket.open")
    def note(self, event: Any) -> None: ...

    @staticmethod
    @on("chat.static")
    def static(event: Any) -> None: ...

    @classmethod
    @on("chat.class")
    def ofTheClass(cls, event: Any) -> None: ...


def test_handlers() -> None:
    """A class's handlers can be examined without an object of it."""
    handlers = handlersOf(Chat)
    assert {event: handler.__name__ for event, handler in handlers.items()} == {
        "chat.send": "send",
        "chat.typing": "note",
        "chat.seen": "note",
        "socket.open": "note",
        "chat.static": "static",
        "chat.class": "ofTheClass",
    }


def test_ordered() -> None:
    """A mark says whether its own events are handled in order."""
    assert [isOrdered(event, Chat().note) for event in ("chat.typing", "chat.seen")] == [False, True]
    assert isOrdered("x", print)


def test_socketEvents() -> None:
    """An application can subscribe to C{socket.*} events like to any other."""
    on(*OWN_EVENTS)(lambda event: None)


def test_withoutEvents() -> None:
    """A mark without an event's name is an error with an example."""
    bare: Any = on
    for mark in (on, lambda: bare(Chat.send)):
        with pytest.raises(UsageError, match=r'^Name the events that the method handles: @on\("chat\.send"\)\.$'):
            mark()


@pytest.mark.parametrize("event", ["socket.reply", "socket.auth.request", "socket.", "", "x" * 129, 5])
def test_impossibleEvents(event: Any) -> None:
    """A name that no event can have, or a C{socket.*} event that isn't for applications, is an error."""
    with pytest.raises(UsageError, match=r"can't be subscribed to: .*socket\.open|^The name of an event is"):
        on("chat.send", event)
