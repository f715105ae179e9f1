"""
What is logged of a hub.
"""

from typing import Any

from ratchet_tx import on
from ratchet_tx.monitoring.log import keepJournal
from ratchet_tx.transport.handshake.request import Request
from tests.kit.fakes import FakeProvider, Peer, logged, startedHub

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


HOSTILE = "ada\x1b[2J\x07\r\nc-1 closed from 6.6.6.6 as root\u2028\u202e"


def test_hostileIds() -> None:
    """A client's id is one line of printable text, whatever it is, and no id can be taken for a stranger, or for more."""
    ids = (HOSTILE, "a stranger", "", "x" * 5000, "it's")
    hub = startedHub(Says(), clientProvider=FakeProvider(**{f"token{index}": id for index, id in enumerate(ids)}))
    keepJournal(hub, verbose=True)
    shown = []
    for index in range(len(ids)):
        with logged() as lines:
            peer = Peer(hub)
            peer.logIn(f"token{index}")
            peer.emit("say", 1)
            peer.leave()
        assert all(line.isprintable() and len(line) < 1500 for line in lines)
        shown.append(lines[-1].partition(" as ")[2].rpartition(" after")[0])
    assert shown == [
        r"'ada\x1b[2J\x07\r\nc-1 closed from 6.6.6.6 as root\u2028\u202e'",
        "'a stranger'",
        "''",
        "x" * 128 + "...",
        "it's",
    ]


def test_hostileEvents() -> None:
    """So is the name of an event that a peer sends."""
    hub = startedHub(Says(), clientProvider=FakeProvider(ada="ada"))
    keepJournal(hub, verbose=True)
    peer = Peer(hub)
    peer.logIn("ada")
    with logged() as lines:
        peer.emit("\x1b]0;x\x07\u2029'", 1)
    assert [line.rpartition(": ")[2] for line in lines] == [r"'\x1b]0;x\x07\u2029\'' event.unknown"]
