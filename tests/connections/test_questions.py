"""
Questions that wait for their replies.
"""

import pytest

from ratchet_tx.connections.questions import Replies


def test_idsOfOurOwn() -> None:
    """Each question has an id that no other had, and that no peer's can be taken for."""
    replies: Replies[str] = Replies()
    assert [replies.open(name) for name in ("one", "two")] == ["s1", "s2"]
    replies.take("s1")
    replies.takeAll()
    assert replies.open("three") == "s3"


def test_takenOnce() -> None:
    """A question has one reply; a second one, or one to no question, finds nobody who waits."""
    replies: Replies[str] = Replies()
    id = replies.open("one")
    assert replies.take(id) == "one"
    assert replies.take(id) is None
    assert replies.take("s99") is None


def test_inAnyOrder() -> None:
    """Replies may come in another order than the questions."""
    replies: Replies[str] = Replies()
    ids = [replies.open(name) for name in ("one", "two", "three")]
    assert [replies.take(id) for id in reversed(ids)] == ["three", "two", "one"]


def test_theEnd() -> None:
    """At the end everybody who still waits is known, and nobody waits any more."""
    replies: Replies[str] = Replies()
    replies.take(replies.open("answered"))
    replies.open("one")
    replies.open("two")
    assert len(replies) == 2
    assert replies.takeAll() == ["one", "two"]
    assert (len(replies), replies.takeAll()) == (0, [])


@pytest.mark.parametrize("id", ["", "1", "S1", "s01", "s1 ", "\x00"])
def test_othersIds(id: str) -> None:
    """An id that only looks like a question's is none."""
    replies: Replies[str] = Replies()
    replies.open("one")
    assert replies.take(id) is None
    assert len(replies) == 1
