"""
The policies of rooms: which ones clients may subscribe to, and what history these keep.

Policies stand in the registry of the applications: each under its pattern, as an adapter of the clients that it is for.
"""

from collections.abc import Callable
from typing import Any, cast

from zope.interface import implementer, providedBy

from ratchet_tx.applications.verify import requireProvided, specificationOf
from ratchet_tx.backplane.messages import Keep
from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IClient, IRoomPolicy
from ratchet_tx.wire.names import checkName

#: What stands at the end of a pattern for all names that begin with it.
WILDCARD = "*"


@implementer(IRoomPolicy)
class RoomPolicy:
    """
    The ready policy of a room.

    @param historySize: how many of its last events a room keeps; 0 for none
    @param historySeconds: for how long it keeps each of them, and itself when nobody is in it
    @param presence: whether its members may be told of each other
    @param mayJoin: called with the client and the room's name, gives whether the client may subscribe; by default everybody
        who is logged in may
    @raise UsageError: for anything else
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
    Say what a policy's rooms keep.

    @return: None for nothing
    @raise UsageError: for what says neither nothing nor how much
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

        @param pattern: a room's name; or how their names begin, with a C{*} at its end.
            Of several patterns that a name fits, the one that says most of it counts, alone.
        @param policy: an L{IRoomPolicy}
        @param client: the interface, or the class, of the clients whom C{mayJoin} is asked for; of several policies of one
            pattern the most special one decides, and a client that none of them is for may not join
        @raise UsageError: for what isn't a pattern or a policy; for clients who have one here; and for a policy that
            differs from another of the same pattern in anything but C{mayJoin}
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
        Say which policy decides whether a client may subscribe to a room.

        @return: None where none does, so that he may not
        """
        pattern = self._pattern(room)
        if pattern is None:
            return None
        return cast(IRoomPolicy | None, self._registry.adapters.lookup1(providedBy(client), IRoomPolicy, pattern))

    def keep(self, room: str) -> Keep | None:
        """
        Say what a room keeps of what is published to it; None for nothing.
        """
        pattern = self._pattern(room)
        return None if pattern is None else self._keeps[pattern]

    def _pattern(self, room: str) -> str | None:
        # zope gives the same tuple until something is registered, here or in a registry below.
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
