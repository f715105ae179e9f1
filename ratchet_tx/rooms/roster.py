"""
The roster of one room: the members that its presence shows, as one node knows them.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from ratchet_tx.wire.encoding import encodeData

#: The keys of a connection's metadata that the connection can't set.
_RESERVED = ("ref", "facts")

#: About how many bytes a member takes, beside its metadata, which is kept here and in the backplane.
SHOWN_BYTES = 1000

#: A roster with so many members keeps its state in JSON.
_MANY = 50


class Member(NamedTuple):
    """
    A connection that a room shows.

    @ivar client: the id of its client
    @ivar meta: its metadata, as L{packMeta} gives it
    @ivar lost: whether the connection was lost, and is still shown because its client may reconnect
    """

    client: str
    meta: Raw
    lost: bool = False

    @property
    def size(self) -> int:
        """
        About how many bytes it takes.
        """
        return SHOWN_BYTES + 2 * len(self.meta)

    def asEntry(self) -> dict[str, Any]:
        """
        Convert it to the backplane's form, in which the metadata is JSON too.
        """
        return {"client": self.client, "meta": bytes(self.meta).decode(), "lost": self.lost}


def packMeta(meta: Mapping[str, Any]) -> Raw:
    """
    Encode a connection's metadata as JSON, because objects may take thirty times as much memory.

    C{ref} and C{facts} are left out: a connection can't set its ref, and only a room's policy may set facts (PROTOCOL,
    Presence).
    """
    return encodeData("socket.presence.state", {key: value for key, value in meta.items() if key not in _RESERVED})


class Changes:
    """
    The changes of a roster that its members have to get.
    """

    def __init__(self) -> None:
        self.joins: dict[str, Any] = {}
        self.leaves: dict[str, Any] = {}

    def __bool__(self) -> bool:
        return bool(self.joins or self.leaves)


def addMember(state: dict[str, Any], ref: str, member: Member) -> None:
    """
    Add a member to a state, which has each client once, with the metadata of each of its connections.
    """
    rest = bytes(member.meta)[1:]
    meta = b'{"ref":' + msgspec.json.encode(ref) + (rest if rest == b"}" else b"," + rest)
    state.setdefault(member.client, {"metas": []})["metas"].append(Raw(meta))


class Roster:
    """
    The members of a room, by ref: the id of the connection by which the member first came.
    """

    def __init__(self) -> None:
        self._members: dict[str, Member] = {}
        self._lost: dict[str, list[str]] = {}
        # For many members it is expensive to make, so it is kept until the next change.
        self._packed: Raw | None = None

    def put(self, ref: str, member: Member, changes: Changes) -> None:
        """
        Add or replace a member; there is no change if it is shown as before.
        """
        if self._members.get(ref) == member and next(reversed(self._members)) == ref:
            # A member that is replaced moves to the end, and this one is there already.
            return
        before = self._forget(ref)
        self._members[ref] = member
        if member.lost:
            self._lost.setdefault(member.client, []).append(ref)
        if before is not None and before.client != member.client:
            addMember(changes.leaves, ref, before)
        if before is None or (before.client, before.meta) != (member.client, member.meta):
            addMember(changes.joins, ref, member)

    def remove(self, ref: str, changes: Changes) -> None:
        """
        Remove a member, if it is there.
        """
        before = self._forget(ref)
        if before is not None:
            addMember(changes.leaves, ref, before)

    def _forget(self, ref: str) -> Member | None:
        self._packed = None
        member = self._members.pop(ref, None)
        if member is not None and member.lost:
            refs = self._lost[member.client]
            refs.remove(ref)
            if not refs:
                del self._lost[member.client]
        return member

    def lostBy(self, client: str) -> str | None:
        """
        Give the ref of a client's first lost connection that is still shown; None if there is none.
        """
        refs = self._lost.get(client)
        return refs[0] if refs else None

    def state(self) -> dict[str, Any]:
        """
        Make the state: each client with its connections, whose metadata is JSON.
        """
        shown: dict[str, Any] = {}
        for ref, member in self._members.items():
            addMember(shown, ref, member)
        return shown

    def plain(self) -> dict[str, Any]:
        """
        Make the state as plain Python objects.
        """
        return {
            client: {"metas": [json.loads(bytes(meta)) for meta in shown["metas"]]} for client, shown in self.state().items()
        }

    def asJSON(self) -> Raw:
        """
        Make the state as JSON.
        """
        packed = self._packed
        if packed is None:
            packed = encodeData("socket.presence.state", self.state())
            self._packed = packed if len(self._members) >= _MANY else None
        return packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)


def fromEntry(entry: Mapping[str, Any]) -> Member:
    """
    Convert a member from the backplane's form.
    """
    return Member(entry["client"], Raw(entry["meta"].encode()), entry["lost"])
