"""
The happenings that observers get, without secrets.
"""

from dataclasses import FrozenInstanceError, fields
from inspect import getmembers, isclass
from typing import Any

import pytest
from twisted.python.failure import Failure

from ratchet_tx import Applications, happenings, on
from ratchet_tx.happenings import Closed, Dispatched, HandlerFailed, Happening, LoggedIn, LoginFailed, Opened, Refused
from ratchet_tx.transport.handshake.request import Request
from tests.kit.fakes import FakeProvider, Peer, startedHub

SECRET = "sesame"

CONNECTION: Any = None


class Chat:
    """
    An application that fails on request.
    """

    @on("chat.send")
    def send(self, event: Any) -> None:
        event.connection.state["said"] = event.payload.data

    @on("chat.fail")
    def fail(self, event: Any) -> None:
        raise ValueError("It failed")


def everyHappening() -> list[Happening]:
    """
    Make each happening once, with a peer whose token, request, data and state are secrets.
    """
    hub = startedHub(Chat(), clientProvider=FakeProvider(**{SECRET: "ada"}), applications=Applications())
    told: list[Happening] = []
    for kind in (Opened, Closed, LoggedIn, LoginFailed, Dispatched, Refused, HandlerFailed):
        hub.observe(told.append, kind)
    peer = Peer(hub, Request("/chat", {"token": [SECRET]}, {"Cookie": f"token={SECRET}", "Authorization": SECRET}))
    peer.logIn(f"not-{SECRET}")
    peer.logIn(SECRET)
    assert peer.connection.client is not None
    peer.connection.client.accessToken = SECRET
    for event in ("chat.send", "chat.fail", "chat.unknown"):
        peer.emit(event, {"text": SECRET}, id=1)
    peer.sendText(b'{"event":5,"data":"sesame"}')
    peer.leave(1000, "Bye")
    return told


def test_nothingSecretIsShown() -> None:
    """A happening's repr shows no token, no cookie and no message's data."""
    told = everyHappening()
    assert [type(each).__name__ for each in told] == [
        "Opened",
        "LoginFailed",
        "LoggedIn",
        "Dispatched",
        "Dispatched",
        "HandlerFailed",
        "Refused",
        "Refused",
        "Refused",
        "Closed",
    ]
    for each in told:
        assert SECRET not in repr(each)
        assert each.connection.id in repr(each)


@pytest.mark.parametrize(
    "happening",
    [
        Opened(CONNECTION),
        Closed(CONNECTION, 1006, "", False, 1.5),
        LoggedIn(CONNECTION),
        LoginFailed(CONNECTION, "auth.invalid"),
        Dispatched(CONNECTION, "chat.send"),
        Refused(CONNECTION, "", "payload.invalid"),
        HandlerFailed(CONNECTION, "chat.send", "5f2c", Failure(ValueError())),
    ],
    ids=lambda happening: type(happening).__name__,
)
def test_frozen(happening: Any) -> None:
    """An observer can't change a happening."""
    for field in fields(happening):
        with pytest.raises(FrozenInstanceError):
            setattr(happening, field.name, "other")


def test_everyClassIsAHappening() -> None:
    """Every class of the module can be observed."""
    kinds = [kind for _, kind in getmembers(happenings, isclass) if kind.__module__ == happenings.__name__]
    assert len(kinds) == 8
    for kind in kinds:
        assert issubclass(kind, Happening)
        assert "connection" in [field.name for field in fields(kind)]
