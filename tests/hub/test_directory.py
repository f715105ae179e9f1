"""
Who is to be told.
"""

from msgspec import Raw

from ratchet_tx.backplane.messages import Deliver
from ratchet_tx.connections.connection import Connection
from ratchet_tx.hub.directory import Audience
from ratchet_tx.transport.handshake.request import Request
from tests.kit.fakes import FakeClient, FakeTransport, startedHub

HUB = startedHub()


def connection(audience: Audience, client: str | None = None) -> Connection:
    made = Connection(HUB, FakeTransport(), Request(), "192.0.2.1")
    audience.add(made)
    if client is not None:
        audience.become(made, FakeClient(client))
    return made


def receivers(audience: Audience, room: str | None = None, client: str | None = None) -> list[Connection]:
    return list(audience.receivers(Deliver("x", Raw(b"1"), room, client)))


def test_everybodyWhoIsLoggedIn() -> None:
    """A message for everybody is for all who are logged in, in the order in which they came."""
    audience = Audience()
    stranger, ada, bob = connection(audience), connection(audience, "ada"), connection(audience, "bob")
    assert receivers(audience) == [ada, bob]
    assert audience.all() == (stranger, ada, bob)
    assert len(audience) == 3


def test_rooms() -> None:
    """A message for a room is for its members; one for a client in a room, for those who are both."""
    audience = Audience()
    ada, again, bob = (connection(audience, id) for id in ("ada", "ada", "bob"))
    for each in (ada, bob):
        audience.rooms.join("lobby", each)
        each.enter("lobby")
    assert receivers(audience, room="lobby") == [ada, bob]
    assert receivers(audience, room="elsewhere") == []
    assert receivers(audience, client="ada") == [ada, again]
    assert receivers(audience, room="lobby", client="ada") == [ada]


def test_becomingAnother() -> None:
    """Who becomes another client is told what is for that one, and no longer what is for the first."""
    audience = Audience()
    one = connection(audience, "ada")
    audience.become(one, FakeClient("bob"))
    assert receivers(audience, client="ada") == []
    assert receivers(audience, client="bob") == [one]
    assert receivers(audience) == [one]


def test_removing() -> None:
    """Who has gone is told nothing."""
    audience = Audience()
    stranger, ada = connection(audience), connection(audience, "ada")
    for each in (stranger, ada):
        audience.remove(each)
    assert receivers(audience) == receivers(audience, client="ada") == []
    assert len(audience) == 0


def test_snapshots() -> None:
    """Who is to be told is settled at the moment of asking."""
    audience = Audience()
    ada = connection(audience, "ada")
    told = audience.receivers(Deliver("x", Raw(b"1")))
    audience.remove(ada)
    assert told == (ada,)
