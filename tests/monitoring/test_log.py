"""
The log lines of a hub.
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
    Log one connection from open to close; every text that its peer sends is secret.
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
    return [line.replace(peer.connection.id, "ID").replace(" address=192.0.2.7", "") for line in lines]


def test_connections() -> None:
    """By default the log has failed logins, and ended connections with client, seconds and code; no secrets."""
    assert lines(verbose=False) == [
        "Login failed: id=ID code=auth.invalid",
        'Connection closed: id=ID client="ada" seconds=0.0 code=1001 clean=no',
    ]


def test_strangers() -> None:
    """The line of a connection that never logged in says so."""
    hub = startedHub(Says(), clientProvider=FakeProvider())
    keepJournal(hub)
    with logged() as lines:
        peer = Peer(hub)
        hub.clock.advance(2.34)
        peer.leave()
    assert lines == [f"Connection closed: id={peer.connection.id} address=192.0.2.1 client=stranger seconds=2.3 code=1000"]


def test_verbose() -> None:
    """The verbose log has opened connections, logins, and the names of dispatched and refused events; no secrets."""
    told = lines(verbose=True)
    assert told[0] == "Connection opened: id=ID"
    assert told[3:6] == [
        'Event dispatched: id=ID event="say"',
        'Event refused: id=ID event="unheard.of" code=event.unknown',
        'Event refused: id=ID event="" code=payload.invalid',
    ]
    assert SECRET not in "".join(told)


HOSTILE = 'ada\x1b[2J\x07\r\n" code=1000 client="root\u2028\u202e'


def test_hostileIds() -> None:
    """Any client's id is logged as one line of printable text, and can't be taken for a stranger or for another fact."""
    ids = (HOSTILE, "stranger", "", "x" * 5000, "it's")
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
        shown.append(lines[-1].partition(" client=")[2].rpartition(" seconds=")[0])
    assert shown == [
        r'"ada\x1b[2J\x07\r\n\" code=1000 client=\"root\u2028\u202e"',
        '"stranger"',
        '""',
        '"' + "x" * 128 + '..."',
        '"it\'s"',
    ]


def test_hostileEvents() -> None:
    """Any event's name is logged as one line of printable text."""
    hub = startedHub(Says(), clientProvider=FakeProvider(ada="ada"))
    keepJournal(hub, verbose=True)
    peer = Peer(hub)
    peer.logIn("ada")
    with logged() as lines:
        peer.emit('\x1b]0;x\x07\u2029"', 1)
    assert [line.partition(" event=")[2] for line in lines] == [r'"\x1b]0;x\x07\u2029\"" code=event.unknown']
