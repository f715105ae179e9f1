"""
The backplane of nodes that share one process, or of one node alone; nothing leaves the memory.
"""

from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from zope.interface import implementer

from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IBackplane
from ratchet_tx.messages import Message

Receive = Callable[[Message], None]


class _Shared:
    """
    What all nodes of one memory have in common.

    @ivar receivers: the nodes that are started, each with its way to be told
    @ivar published: messages that are to be delivered
    @ivar delivering: whether one is being delivered
    @ivar members: by room and connection id, what others may know of it, and when that runs out
    """

    def __init__(self) -> None:
        self.receivers: dict[MemoryBackplane, Receive] = {}
        self.published: deque[Message] = deque()
        self.delivering = False
        self.members: dict[str, dict[str, tuple[Mapping[str, Any], float]]] = {}

    def deliver(self) -> None:
        """
        Deliver what was published, each message to everybody before the next.
        """
        if self.delivering:
            return
        self.delivering = True
        try:
            while self.published:
                message = self.published.popleft()
                for node in tuple(self.receivers):
                    # A node may stop because of what another one received.
                    if node in self.receivers:
                        self.receivers[node](message)
        finally:
            self.delivering = False


@implementer(IBackplane)
class MemoryBackplane:
    """
    Carries messages to every node at once: when C{publish} returns, they have been delivered, but for what is published
    while a message is being received, which comes after that.

    @param beside: another node's backplane, to share messages with
    @param seconds: tells the time for leases
    """

    def __init__(self, beside: "MemoryBackplane | None" = None, seconds: Callable[[], float] = monotonic) -> None:
        self._shared: _Shared = beside._shared if beside is not None else _Shared()
        self._seconds = seconds

    def start(self, receive: Receive) -> Any:
        if self in self._shared.receivers:
            raise UsageError("Each hub needs a backplane of its own: MemoryBackplane(beside=another).")
        self._shared.receivers[self] = receive

    def stop(self) -> Any:
        self._shared.receivers.pop(self, None)

    def publish(self, message: Message) -> Any:
        self._shared.published.append(message)
        self._shared.deliver()

    def read(self, room: str, since: Any, limit: int) -> Any:
        # No room keeps a history here.
        return None

    def subscribe(self, room: str) -> None:
        # Every node in this memory is told everything, which costs less than knowing who wants what.
        pass

    def unsubscribe(self, room: str) -> None:
        pass

    def enter(self, room: str, member: str, meta: Mapping[str, Any], lease: float) -> Any:
        self._shared.members.setdefault(room, {})[member] = (meta, self._seconds() + lease)

    def leave(self, room: str, member: str) -> Any:
        members = self._shared.members.get(room, {})
        members.pop(member, None)
        if not members:
            self._shared.members.pop(room, None)

    def members(self, room: str) -> Any:
        now = self._seconds()
        entered = self._shared.members.get(room, {})
        for member in [member for member, (_, end) in entered.items() if end <= now]:
            self.leave(room, member)
        return {member: meta for member, (meta, _) in entered.items()}
