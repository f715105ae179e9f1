"""
The errors, and their texts.
"""

import json
from inspect import getmembers, isclass

import pytest

from ratchet_tx import errors
from ratchet_tx.errors import AskRefused, PeerError, RatchetError, TimerAlreadyAdded, UsageError

EVERY = [kind for _, kind in getmembers(errors, isclass) if issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", EVERY)
def test_oneRoot(kind: type) -> None:
    """RatchetError is the root of every error of the package."""
    assert issubclass(kind, RatchetError)


@pytest.mark.parametrize("kind", EVERY)
def test_everyErrorIsInTheTree(kind: type) -> None:
    """The tree in the module's documentation shows every error."""
    assert kind.__name__ in (errors.__doc__ or "")


def test_theirsAndOurs() -> None:
    """No error is both a PeerError and a UsageError."""
    assert not issubclass(PeerError, UsageError)
    assert not issubclass(UsageError, PeerError)
    assert not issubclass(AskRefused, PeerError | UsageError)
    assert issubclass(TimerAlreadyAdded, UsageError)


def test_codeAlone() -> None:
    """A refusal needs only a code, and by default no retry."""
    error = PeerError("seat.taken")
    assert error.asJSON() == {"code": "seat.taken", "message": "", "retry": False}
    assert str(error) == "seat.taken"


def test_furtherFacts() -> None:
    """An application's facts are sent beside code, message and retry."""
    error = PeerError("seat.taken", "Somebody sits there", retry=True, seat=12, free=[3, 4])
    assert json.loads(json.dumps(error.asJSON())) == {
        "code": "seat.taken",
        "message": "Somebody sits there",
        "retry": True,
        "seat": 12,
        "free": [3, 4],
    }
    assert error.facts == {"seat": 12, "free": [3, 4]}


def test_factsStayOutOfTheText() -> None:
    """The text of a refusal is its code and its message, without the facts."""
    error = PeerError("seat.taken", "Somebody sits there", by="ada")
    assert str(error) == "seat.taken: Somebody sits there"
    assert "ada" not in repr(error)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (AskRefused("reply.timeout"), "reply.timeout"),
        (AskRefused("reply.timeout", "No reply came in time"), "reply.timeout"),
    ],
)
def test_refusedQuestion(error: AskRefused, text: str) -> None:
    """AskRefused has the peer's code and message, but not in its text, which is logged."""
    assert str(error) == text
    assert error.code == "reply.timeout"


def test_timerAlreadyAdded() -> None:
    """TimerAlreadyAdded names the timer, and says what to do."""
    error = TimerAlreadyAdded("cleanup")
    assert error.name == "cleanup"
    assert str(error) == "There is a timer named 'cleanup' already: give each timer a name of its own."


def test_usage() -> None:
    """The text of a UsageError is its message."""
    assert str(UsageError("Call it so.")) == "Call it so."
