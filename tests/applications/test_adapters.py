"""
Adapting objects to applications.
"""

from typing import Any

import pytest
from zope.interface.verify import verifyObject

from ratchet_tx import UsageError, on
from ratchet_tx.applications.adapters import SharedApplication, accepts, asApplication
from ratchet_tx.interfaces import IApplication


class Marked:
    """
    An application with a marked method.
    """

    @on("chat.send", "chat.seen")
    def note(self, event: Any) -> Any:
        return event


def test_marked() -> None:
    """An object with marked methods becomes an application of their events."""
    marked = Marked()
    application = asApplication(marked)
    verifyObject(IApplication, application)
    assert application.subscribedEvents() == {"chat.send": marked.note, "chat.seen": marked.note}
    assert asApplication(application) is application


@pytest.mark.parametrize("candidate", [object(), 5, None])
def test_unmarked(candidate: Any) -> None:
    """Reading the events of an object without marked methods is an error."""
    with pytest.raises(UsageError, match="nor one that is marked by @on"):
        asApplication(candidate).subscribedEvents()


def test_shared() -> None:
    """A shared application is the same for every connection, and its C{subscribedEvents} is called once."""

    class Counting(Marked):
        asked = 0

        def __getattribute__(self, name: str) -> Any:
            if name == "note":
                Counting.asked += 1
            return super().__getattribute__(name)

    shared = SharedApplication(asApplication(Counting()))
    verifyObject(IApplication, shared)
    assert shared(None, None) is shared(object(), object()) is shared
    assert list(shared.subscribedEvents()) == list(shared.subscribedEvents()) == ["chat.send", "chat.seen"]
    assert Counting.asked == 2


@pytest.mark.parametrize(
    ("function", "counts"),
    [
        (lambda: None, [0]),
        (lambda one, two=2: None, [1, 2]),
        (lambda *all: None, [0, 1, 2, 3]),
        (lambda *, one: None, []),
        (max, [0, 1, 2, 3]),
    ],
)
def test_accepts(function: Any, counts: list[int]) -> None:
    """C{accepts} counts the arguments of a signature; a callable without one is accepted."""
    assert [count for count in range(4) if accepts(function, count)] == counts
