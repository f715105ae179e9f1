"""
Who is to be told.
"""

from msgspec import Raw

from ratchet_tx.backplane.messages import Deliver
from ratchet_tx.connections.connection import Connection
from ratchet_tx.hub.directory import Directory
from ratchet_tx.transport.handshake.request import Request
from tests.kit.applications import Diary
from tests.kit.fakes import (
    FakeClient,
    FakeProvider,
    FakeTransport,
    Peer,
    override,
    startedHub,
)


def connection(directory: Directory, client: str | None = None) -> Connection:
    made = Connection(startedHub().parts.shared, FakeTransport(), Request(), "192.0.2.1", 0)
    directory.add(made)
    if client is not None:
        directory.setClient(made, FakeClient(client))
    return made


def receivers(directory: Directory, room: str | None = None, client: str | None = None) -> list[Connection]:
    return list(directory.receivers(Deliver("x", Raw(b"1"), room, client)))


def test_everybodyWhoIsLoggedIn() -> None:
    """A message for everybody is for all who are logged in, in the order in which they came."""
    directory = Directory()
    stranger, ada, bob = connection(directory), connection(directory, "ada"), connection(directory, "bob")
    assert receivers(directory) == [ada, bob]
    assert directory.all() == (stranger, ada, bob)
    assert len(directory) == 3


def test_rooms() -> None:
    """A message for a room is for its members; one for a client in a room, for those who are both."""
    directory = Directory()
    ada, again, bob = (connection(directory, id) for id in ("ada", "ada", "bob"))
    for each in (ada, bob):
        directory.rooms.join("lobby", each)
        each.addRoom("lobby")
    assert receivers(directory, room="lobby") == [ada, bob]
    assert receivers(directory, room="elsewhere") == []
    assert receivers(directory, client="ada") == [ada, again]
    assert receivers(directory, room="lobby", client="ada") == [ada]


def test_becomingAnother() -> None:
    """Who becomes another client is told what is for that one, and no longer what is for the first."""
    directory = Directory()
    one = connection(directory, "ada")
    directory.setClient(one, FakeClient("bob"))
    assert receivers(directory, client="ada") == []
    assert receivers(directory, client="bob") == [one]
    assert receivers(directory) == [one]


def test_removing() -> None:
    """Who has gone is told nothing."""
    directory = Directory()
    stranger, ada = connection(directory), connection(directory, "ada")
    for each in (stranger, ada):
        directory.remove(each)
    assert receivers(directory) == receivers(directory, client="ada") == []
    assert len(directory) == 0


def test_snapshots() -> None:
    """Who is to be told is settled at the moment of asking."""
    directory = Directory()
    ada = connection(directory, "ada")
    told = directory.receivers(Deliver("x", Raw(b"1")))
    directory.remove(ada)
    assert told == (ada,)


def test_renamedClients() -> None:
    """A client whose id is another by now ends like any other."""
    diary = Diary()
    hub = startedHub(diary, clientProvider=FakeProvider(a="ada"))
    peer = Peer(hub)
    peer.logIn("a")
    override(peer.connection.client, id="grace")
    peer.leave()
    assert diary.names()[-1] == "socket.close"
    hub.emit("x", client="ada")
