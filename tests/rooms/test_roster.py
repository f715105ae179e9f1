"""
Rosters: who is shown in a room, and what is to be told of a change.
"""

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ratchet_tx.rooms.roster import Changes, Member, Roster, fromEntry, packMeta


def member(client: str, meta: dict[str, Any], lost: bool = False) -> Member:
    return Member(client, packMeta(meta), lost)


def read(shown: Any) -> Any:
    return json.loads(msgspec.json.encode(shown))


def put(roster: Roster, ref: str, member: Member) -> tuple[dict[str, object], dict[str, object]]:
    changes = Changes()
    roster.put(ref, member, changes)
    return read(changes.joins), read(changes.leaves)


def remove(roster: Roster, ref: str) -> tuple[dict[str, object], dict[str, object]]:
    changes = Changes()
    roster.remove(ref, changes)
    return read(changes.joins), read(changes.leaves)


def test_byClient() -> None:
    """Each client is shown once, with each of its connections and what that shows of itself."""
    roster = Roster()
    put(roster, "c-1", member("ada", {"status": "away"}))
    put(roster, "c-2", member("bob", {}))
    put(roster, "c-3", member("ada", {}))
    ada = {"metas": [{"ref": "c-1", "status": "away"}, {"ref": "c-3"}]}
    assert read(roster.state()) == {"ada": ada, "bob": {"metas": [{"ref": "c-2"}]}}
    assert set(roster) == {"c-1", "c-2", "c-3"}


def test_changes() -> None:
    """Who comes and goes is to be told, each connection with what it showed of itself."""
    roster = Roster()
    joined = {"ada": {"metas": [{"ref": "c-1", "status": "away"}]}}
    assert put(roster, "c-1", member("ada", {"status": "away"})) == (joined, {})
    assert remove(roster, "c-1") == ({}, joined)
    assert remove(roster, "c-1") == ({}, {})


def test_shownAsBefore() -> None:
    """Nothing is to be told of who is known already, nor of one who was lost, or is back."""
    roster = Roster()
    put(roster, "c-1", member("ada", {"status": "away"}))
    for lost in (False, True, False):
        assert put(roster, "c-1", member("ada", {"status": "away"}, lost)) == ({}, {})


def test_shownOtherwise() -> None:
    """What somebody shows anew is told as a join of the same ref."""
    roster = Roster()
    put(roster, "c-1", member("ada", {"status": "away"}))
    here = {"ada": {"metas": [{"ref": "c-1", "status": "here"}]}}
    assert put(roster, "c-1", member("ada", {"status": "here"})) == (here, {})
    assert read(roster.state()) == here


def test_anotherClient() -> None:
    """A ref that is another client's is a leave and a join."""
    roster = Roster()
    put(roster, "c-1", member("ada", {}))
    changed = put(roster, "c-1", member("bob", {}))
    assert changed == ({"bob": {"metas": [{"ref": "c-1"}]}}, {"ada": {"metas": [{"ref": "c-1"}]}})


def test_nobodyShowsAnothersRef() -> None:
    """Whatever somebody shows of themselves, their ref is their own, and comes first; made-up facts aren't shown."""
    roster = Roster()
    put(roster, "c-1", member("eve", {"status": "here", "ref": "c-2", "facts": {"role": "admin"}}))
    [meta] = read(roster.state())["eve"]["metas"]
    assert list(meta.items()) == [("ref", "c-1"), ("status", "here")]


def test_lost() -> None:
    """Of a client's lost connections the one that was lost first is to be taken up again first, and each once."""
    roster = Roster()
    for ref in ("c-1", "c-2", "c-3"):
        put(roster, ref, member("ada", {}))
    assert roster.lostBy("ada") is None
    put(roster, "c-3", member("ada", {}, lost=True))
    put(roster, "c-1", member("ada", {}, lost=True))
    assert (roster.lostBy("ada"), roster.lostBy("bob")) == ("c-3", None)
    put(roster, "c-3", member("ada", {}))
    assert roster.lostBy("ada") == "c-1"
    remove(roster, "c-1")
    assert roster.lostBy("ada") is None


def test_packed() -> None:
    """The state in JSON is as the state is, after whatever change; of many it is made once where nothing has changed."""
    roster = Roster()
    for number in range(100):
        put(roster, f"c-{number}", member(f"client-{number % 7}", {"n": number}))
        assert json.loads(bytes(roster.asJSON())) == read(roster.state())
    for client, meta, lost in (("ada", {"x": 1}, False), ("ada", {}, False), ("bob", {}, True), ("bob", {}, False)):
        put(roster, "c-1", member(client, meta, lost))
        assert json.loads(bytes(roster.asJSON())) == read(roster.state())
        packed = roster.asJSON()
        put(roster, "c-1", member(client, meta, lost))
        assert roster.asJSON() is packed
    for ref in tuple(roster):
        remove(roster, ref)
        assert json.loads(bytes(roster.asJSON())) == read(roster.state())


def test_entry() -> None:
    """What stands with the backplane is read as what it was."""
    lost = member("ada", {"status": "away"}, lost=True)
    assert fromEntry(lost.asEntry()) == lost


members = st.builds(member, st.sampled_from(["ada", "bob"]), st.sampled_from([{}, {"x": 1}]), st.booleans())


@given(st.lists(st.tuples(st.sampled_from(["c-1", "c-2", "c-3"]), st.none() | members)))
def test_changesLeadToTheState(steps: list[tuple[str, Member | None]]) -> None:
    """Who applies each change, leaves before joins, to what he knows, always knows the state."""
    roster = Roster()
    known: dict[tuple[str, str], dict[str, object]] = {}
    for ref, member in steps:
        changes = Changes()
        if member is None:
            roster.remove(ref, changes)
        else:
            roster.put(ref, member, changes)
        for client, each in read(changes.leaves).items():
            for meta in each["metas"]:
                del known[client, meta["ref"]]
        for client, each in read(changes.joins).items():
            for meta in each["metas"]:
                known[client, meta["ref"]] = meta
        state = read(roster.state())
        assert known == {(client, meta["ref"]): meta for client, each in state.items() for meta in each["metas"]}
