"""
Rooms: who is in which.
"""

from hypothesis import given
from hypothesis import strategies as st

from ratchet_tx.rooms.membership import Rooms

#: Somebody comes into a room (True) or goes (False).
steps = st.lists(st.tuples(st.booleans(), st.sampled_from("xyz"), st.integers(1, 5)))


@given(steps)
def test_asAListWould(moves: list[tuple[bool, str, int]]) -> None:
    """Rooms know who is in them, in the order of coming, and are there while somebody is."""
    rooms: Rooms[int] = Rooms()
    model: dict[str, list[int]] = {"x": [], "y": [], "z": []}
    for comes, room, member in moves:
        inside = model[room]
        if comes:
            assert rooms.join(room, member) is (not inside)
            if member not in inside:
                inside.append(member)
        elif member in inside:
            inside.remove(member)
            assert rooms.leave(room, member) is (not inside)
        assert {name: list(rooms.members(name)) for name in model} == model
        assert len(rooms) == sum(bool(members) for members in model.values())


def test_comingTwice() -> None:
    """Who is in a room already keeps his place in it."""
    rooms: Rooms[str] = Rooms()
    assert rooms.join("lobby", "ada") is True
    assert rooms.join("lobby", "bob") is False
    assert rooms.join("lobby", "ada") is False
    assert list(rooms.members("lobby")) == ["ada", "bob"]


def test_lastOneOut() -> None:
    """A room goes with its last member, and comes anew with the next."""
    rooms: Rooms[str] = Rooms()
    rooms.join("lobby", "ada")
    assert rooms.leave("lobby", "ada") is True
    assert (len(rooms), list(rooms.members("lobby"))) == (0, [])
    assert rooms.join("lobby", "bob") is True


def test_askingMakesNoRoom() -> None:
    """Asking who is in a room that there isn't leaves no room behind."""
    rooms: Rooms[str] = Rooms()
    assert "ada" not in rooms.members("lobby")
    assert len(rooms) == 0
