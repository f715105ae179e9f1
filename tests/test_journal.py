"""
What is logged of a hub.
"""

from typing import Any

from ratchet_tx import on
from ratchet_tx.journal import keepJournal
from ratchet_tx.request import Request
from tests.fakes import FakeProvider, Peer, logged, startedHub

SECRET = "sesame-9c41"


class Says:
    @on("say")
    def say(self, event: Any) -> Any:
        return event.payload.data


def lines(verbose: bool) -> list[str]:
    """
    Log one connection's whole life, in which every text that a peer chooses is secret.
    """
    hub = startedHub(Says(), clientProvider=FakeProvider(**{SECRET: "ada"}))
    keepJournal(hub, verbose)
    keepJournal(hub, verbose)
    with logged() as lines:
        peer = Peer(hub, Request("/x", {"token": [SECRET]}, {"cookie": SECRET}), "192.0.2.7")
        peer.logIn("wrong" + SECRET)
        peer.logIn(SECRET)
        peer.emit("say", SECRET)
        peer.emit("unheard.of", SECRET)
        peer.sendText(SECRET.encode())
        peer.leave(1001, SECRET, clean=False)
    assert all(peer.connection.id in line and "192.0.2.7" in line for line in lines)
    return [line.replace(peer.connection.id, "ID").replace(" from 192.0.2.7", "") for line in lines]


def test_comingAndGoing() -> None:
    """The log tells of failed logins, and of ended connections whose they were, how long, and why: no secret."""
    assert lines(verbose=False) == ["ID login failed: auth.invalid", "ID closed as ada after 0.0 s: 1001, not clean"]


def test_strangers() -> None:
    """Of a connection that never logged in the log tells that; an anonymous one has the id that it was given."""
    hub = startedHub(Says(), clientProvider=FakeProvider())
    keepJournal(hub)
    with logged() as lines:
        peer = Peer(hub)
        hub.clock.advance(2.34)
        peer.leave()
    assert lines == [f"{peer.connection.id} closed from 192.0.2.1 as a stranger after 2.3 s: 1000"]


def test_verbose() -> None:
    """On wish, the log tells who comes and logs in, and each dispatched and each refused event by its name."""
    told = lines(verbose=True)
    assert told[0] == "ID opened"
    assert told[3:6] == [
        "ID dispatched: 'say'",
        "ID refused: 'unheard.of' event.unknown",
        "ID refused: '' payload.invalid",
    ]
    assert SECRET not in "".join(told)
