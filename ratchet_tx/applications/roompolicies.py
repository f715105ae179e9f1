"""
The policies of rooms: which clients may subscribe to a room, and what history it keeps.

A policy is in the registry of the applications, as an adapter of the clients that it is for, with its pattern as the name.
"""

from collections.abc import Callable
from typing import Any, cast

from zope.interface import implementer, providedBy

from ratchet_tx.applications.verify import requireProvided, specificationOf
from ratchet_tx.backplane.messages import Keep
from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IClient, IRoomPolicy
from ratchet_tx.wire.names import checkName

#: Ends a pattern that matches all names with the same beginning.
WILDCARD = "*"


@implementer(IRoomPolicy)
class RoomPolicy:
    """
    A policy made from arguments.

    @param historySize: how many of its last events a room keeps; 0 for none
    @param historySeconds: for how long a room keeps each event, and its history once the room has no members
    @param presence: whether members may see each other
    @param mayJoin: called with the client and the room's name, gives whether the client may subscribe; by default every
        client may that is logged in
    @raise UsageError: for an argument of another type or range
    """

    def __init__(
        self,
        historySize: int = 0,
        historySeconds: float = 0,
        presence: bool = False,
        mayJoin: Callable[[Any, str], Any] | None = None,
    ) -> None:
        if mayJoin is not None and not callable(mayJoin):
            raise UsageError(f"mayJoin= is called with a client and a room's name, which {mayJoin!r} can't be.")
        self.historySize = historySize
        self.historySeconds = historySeconds
        self.presence = presence
        self._mayJoin = mayJoin
        keepOf(self)

    def mayJoin(self, client: Any, room: str) -> Any:
        return True if self._mayJoin is None else self._mayJoin(client, room)


def keepOf(policy: IRoomPolicy) -> Keep | None:
    """
    Read how much history a policy's rooms keep.

    @return: None for no history
    @raise UsageError: for attributes of another type or range
    """
    size, seconds = policy.historySize, policy.historySeconds
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise UsageError(f"A room's historySize is a whole number of events, 0 or more, not {size!r}.")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds < float("inf"):
        raise UsageError(f"A room's historySeconds is a number of seconds, 0 or more, not {seconds!r}.")
    if not isinstance(policy.presence, bool):
        raise UsageError(f"A room's presence is True or False, not {policy.presence!r}.")
    if (size == 0) is not (seconds == 0):
        raise UsageError("A room with a history has both, a historySize and historySeconds: one of them is 0 here.")
    return Keep(size, seconds) if size else None


class Policies:
    """
    The policies of a hub's rooms, by pattern.

    @param registry: zope's C{Components}
    """

    def __init__(self, registry: Any) -> None:
        self._registry = registry
        self._registered: Any = ()
        self._keeps: dict[str, Keep | None] = {}
        self._lengths: list[int] = []

    def register(self, pattern: str, policy: Any, client: Any = IClient) -> None:
        """
        Register the policy of some rooms.

        @param pattern: a room's name, or the beginning of rooms' names followed by C{*}. If several patterns match a name,
            only the longest is used
        @param policy: an L{IRoomPolicy}
        @param client: the interface or class of the clients that C{mayJoin} decides for. If a pattern has several policies,
            the one for the most specific interface decides; a client without one may not join
        @raise UsageError: for what isn't a pattern or a policy, for a second policy of the same clients, and for a policy
            that differs from another one of the pattern in more than C{mayJoin}
        """
        checkName(pattern, "a room, or the pattern of some,")
        if WILDCARD in pattern[:-1]:
            raise UsageError(f"A pattern has its {WILDCARD} at its end, 'user:{WILDCARD}'; {pattern!r} has it elsewhere.")
        keep = keepOf(requireProvided(IRoomPolicy, policy))
        required = [specificationOf(client, "client")]
        first = self._registry.queryUtility(IRoomPolicy, pattern)
        if first is not None and (keepOf(first), first.presence) != (keep, policy.presence):
            raise UsageError(
                f"The rooms {pattern!r} have a policy with another history or presence: these belong to the pattern, and "
                "client= chooses mayJoin only."
            )
        if self._registry.adapters.registered(required, IRoomPolicy, pattern) is not None:
            raise UsageError(f"The rooms {pattern!r} have a policy for these clients already.")
        self._registry.registerAdapter(policy, required, IRoomPolicy, pattern)
        if first is None:
            self._registry.registerUtility(policy, IRoomPolicy, pattern)

    def find(self, room: str, client: IClient) -> IRoomPolicy | None:
        """
        Find the policy that decides whether a client may subscribe to a room.

        @return: None where there is none: then the client may not
        """
        pattern = self._pattern(room)
        if pattern is None:
            return None
        return cast(IRoomPolicy | None, self._registry.adapters.lookup1(providedBy(client), IRoomPolicy, pattern))

    def keep(self, room: str) -> Keep | None:
        """
        Find how much history a room keeps; None for none.
        """
        pattern = self._pattern(room)
        return None if pattern is None else self._keeps[pattern]

    def _pattern(self, room: str) -> str | None:
        # zope returns the same tuple until something is registered, here or in a base.
        registered = self._registry.utilities.lookupAll((), IRoomPolicy)
        if registered is not self._registered:
            self._arrange(registered)
        if room in self._keeps:
            return room
        for length in self._lengths:
            pattern = room[:length] + WILDCARD
            if pattern in self._keeps:
                return pattern
        return None

    def _arrange(self, registered: Any) -> None:
        self._registered = registered
        self._keeps = {pattern: keepOf(policy) for pattern, policy in registered}
        prefixes = {len(pattern) - 1 for pattern in self._keeps if pattern.endswith(WILDCARD)}
        self._lengths = sorted(prefixes, reverse=True)
