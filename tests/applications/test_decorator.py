"""
The mark that makes a method a handler; what an application of marked methods does is in the applications' tests.
"""

from typing import Any

import pytest

from ratchet_tx import UsageError, on
from ratchet_tx.applications.decorator import OWN_EVENTS, handlersOf, isOrdered


class Chat:
    """
    Marked in every way.
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
    """The handlers of a class can be looked at before there is an object of it."""
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
    """A mark says of its own events whether they are handled in order."""
    assert [isOrdered(event, Chat().note) for event in ("chat.typing", "chat.seen")] == [False, True]
    assert isOrdered("x", print)


def test_ownEvents() -> None:
    """What happens to a connection can be subscribed to like any event."""
    on(*OWN_EVENTS)(lambda event: None)


def test_withoutEvents() -> None:
    """A mark without an event's name is refused where it stands, with an example."""
    bare: Any = on
    for mark in (on, lambda: bare(Chat.send)):
        with pytest.raises(UsageError, match=r'^Name the events that the method handles: @on\("chat\.send"\)\.$'):
            mark()


@pytest.mark.parametrize("event", ["socket.reply", "socket.auth.request", "socket.", "", "x" * 129, 5])
def test_impossibleEvents(event: Any) -> None:
    """A name that no event can have, or that is the protocol's own business, is refused where it stands."""
    with pytest.raises(UsageError, match=r"can't be subscribed to: .*socket\.open|^The name of an event is"):
        on("chat.send", event)
