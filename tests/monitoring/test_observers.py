"""
Observers: who is told of what happens.
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
    """Who observes a class of happening is told of each of them, and of no other."""
    observers, seen, other = Observers(), [], []
    observers.add(seen.append, Opened)
    observers.add(other.append, Closed)
    connection = Peer(startedHub()).connection
    observers.tell(Opened, connection)
    observers.tell(Opened, connection)
    assert seen == [Opened(connection)] * 2
    assert other == []


def test_inOrder() -> None:
    """Observers are told in the order in which they were added."""
    observers, seen = Observers(), []
    observers.add(lambda _: seen.append("one"), Opened)
    observers.add(lambda _: seen.append("two"), Opened)
    observers.tell(Opened, "c-1")
    assert seen == ["one", "two"]


def test_addedTwice() -> None:
    """Who is added twice is told once."""
    observers, seen = Observers(), []
    observers.add(seen.append, Opened)
    observers.add(seen.append, Opened)
    observers.tell(Opened, "c-1")
    assert len(seen) == 1


def test_nobody() -> None:
    """What nobody observes isn't made."""
    Observers().tell(Opened, "far", "too", "many", "facts")


def test_everyHappening() -> None:
    """Nobody can observe Happening itself, which never happens: he is told so at once."""
    with pytest.raises(UsageError, match="isn't one of the happenings"):
        Observers().add(print, Happening)


def test_brokenObserver() -> None:
    """An observer that fails is logged, and keeps no other from being told."""
    observers, seen = Observers(), []
    observers.add(broken, Opened)
    observers.add(seen.append, Opened)
    with logged() as lines:
        observers.tell(Opened, "c-1")
    assert [each.connection for each in seen] == ["c-1"]
    (line,) = lines
    assert line.startswith("An observer of Opened failed")
    assert "ValueError: The observer is broken" in line


def test_addedMeanwhile() -> None:
    """Who is added by an observer is told from the next time on."""
    observers, seen = Observers(), []
    observers.add(lambda _: observers.add(seen.append, Opened), Opened)
    observers.tell(Opened, "c-1")
    assert seen == []
    observers.tell(Opened, "c-1")
    assert len(seen) == 1


@pytest.mark.parametrize("happening", ["Opened", None, Exception, int, Opened.__init__])
def test_noHappening(happening: Any) -> None:
    """What never happens can't be observed."""
    with pytest.raises(UsageError, match=r"isn't one of the happenings in ratchet_tx\.happenings\.$"):
        Observers().add(print, happening)


def test_uncallable() -> None:
    """An observer that can't be called is refused at once, not when something happens."""
    observer: Any = 5
    with pytest.raises(UsageError, match=r"^5 can't be called with a happening\.$"):
        Observers().add(observer, Opened)
