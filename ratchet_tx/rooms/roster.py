"""
The roster of one room: the members that are shown there, as one node knows them.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from ratchet_tx.wire.encoding import encodeData

#: What is shown of a connection that it doesn't say itself.
_NOT_ITS_OWN = ("ref", "facts")


#: About how many bytes are kept of a connection in a room, beside its meta, which is here and with the backplane.
SHOWN_BYTES = 1000


class Member(NamedTuple):
    """
    A connection that is shown.

    @ivar client: whose it is, by the client's id
    @ivar meta: what else is shown of it, as L{pack} gives it
    @ivar lost: whether it is gone, and still shown because it may be back soon
    """

    client: str
    meta: Raw
    lost: bool = False

    @property
    def size(self) -> int:
        """
        About how many bytes are kept of it.
        """
        return SHOWN_BYTES + 2 * len(self.meta)

    def asEntry(self) -> dict[str, Any]:
        """
        Say it as it stands with the backplane; the meta is JSON there, too.
        """
        return {"client": self.client, "meta": bytes(self.meta).decode(), "lost": self.lost}


def pack(meta: Mapping[str, Any]) -> Raw:
    """
    Put what is shown of a connection into the form in which it is kept: JSON, as an object may take thirty times as much.

    What a connection says of itself never stands for its ref, nor for facts, which only a room's policy may give (PROTOCOL,
    Presence), so these are left out.
    """
    return encodeData("socket.presence.state", {key: value for key, value in meta.items() if key not in _NOT_ITS_OWN})


#: How many members a room has whose state is kept in JSON.
_MANY = 50


class Changes:
    """
    What is to be told to those who know a roster as it was.
    """

    def __init__(self) -> None:
        self.joins: dict[str, Any] = {}
        self.leaves: dict[str, Any] = {}

    def __bool__(self) -> bool:
        return bool(self.joins or self.leaves)


def show(into: dict[str, Any], ref: str, member: Member) -> None:
    """
    Add a member to what is shown: each client once, with its connections.
    """
    rest = bytes(member.meta)[1:]
    meta = b'{"ref":' + msgspec.json.encode(ref) + (rest if rest == b"}" else b"," + rest)
    into.setdefault(member.client, {"metas": []})["metas"].append(Raw(meta))


class Roster:
    """
    The members of a room, by their refs: the id of the connection that each came by.
    """

    def __init__(self) -> None:
        self._members: dict[str, Member] = {}
        self._lost: dict[str, list[str]] = {}
        # Made when somebody is told, and kept until there is a change, where there are many: that costs much to make.
        self._packed: Raw | None = None

    def put(self, ref: str, member: Member, changes: Changes) -> None:
        """
        Add a member, or know it anew; nothing is to be told where it is shown as before.
        """
        if self._members.get(ref) == member and next(reversed(self._members)) == ref:
            # A member that comes again is shown last, and this one is that already.
            return
        before = self._forget(ref)
        self._members[ref] = member
        if member.lost:
            self._lost.setdefault(member.client, []).append(ref)
        if before is not None and before.client != member.client:
            show(changes.leaves, ref, before)
        if before is None or (before.client, before.meta) != (member.client, member.meta):
            show(changes.joins, ref, member)

    def remove(self, ref: str, changes: Changes) -> None:
        """
        Take a member out, if it is there.
        """
        before = self._forget(ref)
        if before is not None:
            show(changes.leaves, ref, before)

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
        Name a connection of a client's that is gone and still shown.
        """
        refs = self._lost.get(client)
        return refs[0] if refs else None

    def state(self) -> dict[str, Any]:
        """
        Say who is shown, each client with its connections, whose metas are JSON already.
        """
        shown: dict[str, Any] = {}
        for ref, member in self._members.items():
            show(shown, ref, member)
        return shown

    def plain(self) -> dict[str, Any]:
        """
        Say who is shown, each client with its connections, as objects of Python's.
        """
        return {
            client: {"metas": [json.loads(bytes(meta)) for meta in shown["metas"]]} for client, shown in self.state().items()
        }

    def pack(self) -> Raw:
        """
        Say who is shown, in JSON.
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
    Read what stands with the backplane.
    """
    return Member(entry["client"], Raw(entry["meta"].encode()), entry["lost"])
