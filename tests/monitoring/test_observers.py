"""
The observers of happenings.
"""

from typing import Any

import pytest

from ratchet_tx.errors import UsageError
from ratchet_tx.happenings import Closed, Happening, Opened
from ratchet_tx.monitoring.observers import Observers
from tests.kit.fakes import Peer, logged, startedHub


def broken(_: Happening) -> None:
    raise ValueError("The observer is broken")


def test_told() -> None:
    """An observer is called with each happening of its class, and with no other."""
    observers, seen, other = Observers(), [], []
    observers.add(seen.append, Opened)
    observers.add(other.append, Closed)
    connection = Peer(startedHub()).connection
    observers.tell(Opened, connection)
    observers.tell(Opened, connection)
    assert seen == [Opened(connection)] * 2
    assert other == []


def test_inOrder() -> None:
    """Observers are called in the order in which they were added."""
    observers, seen = Observers(), []
    observers.add(lambda _: seen.append("one"), Opened)
    observers.add(lambda _: seen.append("two"), Opened)
    observers.tell(Opened, "c-1")
    assert seen == ["one", "two"]


def test_addedTwice() -> None:
    """An observer that is added twice is called once."""
    observers, seen = Observers(), []
    observers.add(seen.append, Opened)
    observers.add(seen.append, Opened)
    observers.tell(Opened, "c-1")
    assert len(seen) == 1


def test_withoutObservers() -> None:
    """A happening without observers isn't made."""
    Observers().tell(Opened, "far", "too", "many", "facts")


def test_everyHappening() -> None:
    """Observing Happening itself is an error: it never happens."""
    with pytest.raises(UsageError, match="isn't one of the happenings"):
        Observers().add(print, Happening)


def test_brokenObserver() -> None:
    """A failing observer is logged, and the others are called."""
    observers, seen = Observers(), []
    observers.add(broken, Opened)
    observers.add(seen.append, Opened)
    with logged() as lines:
        observers.tell(Opened, "c-1")
    assert [each.connection for each in seen] == ["c-1"]
    (line,) = lines
    assert line.startswith("Observer failed: happening=Opened")
    assert "ValueError: The observer is broken" in line


def test_addedMeanwhile() -> None:
    """An observer that is added by an observer is called from the next happening on."""
    observers, seen = Observers(), []
    observers.add(lambda _: observers.add(seen.append, Opened), Opened)
    observers.tell(Opened, "c-1")
    assert seen == []
    observers.tell(Opened, "c-1")
    assert len(seen) == 1


@pytest.mark.parametrize("happening", ["Opened", None, Exception, int, Opened.__init__])
def test_badHappening(happening: Any) -> None:
    """Observing what isn't a happening is an error."""
    with pytest.raises(UsageError, match=r"isn't one of the happenings in ratchet_tx\.happenings\.$"):
        Observers().add(print, happening)


def test_uncallable() -> None:
    """Adding an observer that can't be called is an error."""
    observer: Any = 5
    with pytest.raises(UsageError, match=r"^5 can't be called with a happening\.$"):
        Observers().add(observer, Opened)
