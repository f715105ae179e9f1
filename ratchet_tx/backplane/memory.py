"""
The backplane of one node alone, or of several in one process.
"""

from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from msgspec import structs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from zope.interface import implementer

from ratchet_tx.backplane.histories import Histories
from ratchet_tx.backplane.messages import Deliver, Message
from ratchet_tx.backplane.past import Position
from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IBackplane, IMemory

Receive = Callable[[Message], None]

#: How many seconds are between one look for what is over and the next, at least.
_PAUSE = 1.0


class _Shared:
    """
    What all nodes of one memory have in common.

    @ivar receivers: the nodes that are started, each with its way to be told
    @ivar published: messages that are to be delivered, each with who waits for its position, if anybody
    @ivar delivering: whether one is being delivered
    @ivar histories: what rooms remember
    @ivar members: by room and connection id, what others may know of it, and when that runs out
    @ivar watchers: who is told of each change of the bytes that the histories take, by node
    """

    def __init__(self, seconds: Callable[[], float] | None) -> None:
        self._seconds = seconds
        self._clock: IReactorTime | None = None
        self._expiring: IDelayedCall | None = None
        self.watchers: dict[MemoryBackplane, Callable[[int], None]] = {}
        self.receivers: dict[MemoryBackplane, Receive] = {}
        self.published: deque[tuple[Message, Deferred[Position] | None]] = deque()
        self.delivering = False
        self.histories = Histories(self._isIn, self._tellChange)
        self.members: dict[str, dict[str, tuple[Mapping[str, Any], float]]] = {}

    def now(self) -> float:
        return monotonic() if self._seconds is None else self._seconds()

    def provideClock(self, clock: IReactorTime) -> None:
        if self._seconds is None:
            self._clock, self._seconds = clock, clock.seconds

    def expireLater(self) -> None:
        """
        See to it that what is over is forgotten, though nobody asks for it.
        """
        due = self.histories.due
        if self._expiring is None and self._clock is not None and self.receivers and due is not None:
            left = due - self.now()
            self._expiring = self._clock.callLater(max(left, _PAUSE) if left > 0 else 0, self._expire)

    def _expire(self) -> None:
        self._expiring = None
        self.histories.expire(self.now())
        self.expireLater()

    def stopExpiring(self) -> None:
        if self._expiring is not None:
            self._expiring.cancel()
            self._expiring = None

    def _tellChange(self, by: int) -> None:
        for tell in self.watchers.values():
            tell(by)

    def _isIn(self, room: str) -> bool:
        return any(node.isIn(room) for node in self.receivers)

    def deliver(self) -> None:
        """
        Deliver what was published, each message to everybody before the next.
        """
        if self.delivering:
            return
        self.delivering = True
        try:
            while self.published:
                message, waiting = self.published.popleft()
                if waiting is None:
                    self._tell(message)
                    continue
                # Not when it was published: what is read meanwhile would have an event that is still to be received.
                position = self._append(message)
                self._tell(structs.replace(message, keep=None, offset=position.offset))
                waiting.callback(position)
        finally:
            self.delivering = False

    def _append(self, message: Any) -> Position:
        position = self.histories.append(message.room, message.keep, message.event, message.data, self.now())
        if self._expiring is None:
            self.expireLater()
        return position

    def _tell(self, message: Message) -> None:
        for node in tuple(self.receivers):
            # A node may stop because of what another one received.
            if node in self.receivers:
                self.receivers[node](message)


@implementer(IBackplane, IMemory)
class MemoryBackplane:
    """
    Carries messages to every node at once: when C{publish} returns, they have been delivered, but for what is published
    while a message is being received, which comes after that.

    @param beside: another node's backplane, to share everything with
    @param seconds: tells the time; by default the clock of the first hub that starts it, or one beside it, does, and wakes
        it to forget what is over
    """

    def __init__(self, beside: "MemoryBackplane | None" = None, seconds: Callable[[], float] | None = None) -> None:
        self._shared: _Shared = beside._shared if beside is not None else _Shared(seconds)
        self._rooms: set[str] = set()

    # IMemory

    @property
    def historyBytes(self) -> int:
        return self._shared.histories.bytes

    def limitHistories(self, limit: int, changed: Callable[[int], None]) -> None:
        histories = self._shared.histories
        histories.limit = min(limit, histories.limit) if limit and histories.limit else limit or histories.limit
        self._shared.watchers[self] = changed

    def forgetOldest(self) -> bool:
        return self._shared.histories.forgetOldest(self._shared.now())

    # IBackplane

    def isIn(self, room: str) -> bool:
        """
        Say whether this node has a member in a room.
        """
        return room in self._rooms

    def start(self, receive: Receive, clock: IReactorTime) -> Any:
        if self in self._shared.receivers:
            raise UsageError("Each hub needs a backplane of its own: MemoryBackplane(beside=another).")
        self._shared.provideClock(clock)
        self._shared.receivers[self] = receive
        self._shared.expireLater()

    def stop(self) -> Any:
        for room in tuple(self._rooms):
            self.unsubscribe(room)
        self._shared.receivers.pop(self, None)
        self._shared.watchers.pop(self, None)
        if not self._shared.receivers:
            self._shared.stopExpiring()

    def publish(self, message: Message) -> Any:
        keep = message.keep if isinstance(message, Deliver) else None
        position: Deferred[Position] | None = None if keep is None else Deferred()
        self._shared.published.append((message, position))
        self._shared.deliver()
        return position

    def read(self, room: str, since: Any, limit: int, keep: Any = None) -> Any:
        after = None if since is None else Position(*since)
        return self._shared.histories.read(room, after, limit, self._shared.now(), keep)

    # Every node in this memory is told everything, which costs less than knowing who wants what.

    def subscribe(self, room: str) -> None:
        self._shared.histories.come(room, self._shared.now())
        self._rooms.add(room)

    def unsubscribe(self, room: str) -> None:
        self._rooms.discard(room)
        self._shared.histories.left(room, self._shared.now())

    def enter(self, room: str, member: str, meta: Mapping[str, Any], lease: float) -> Any:
        self._shared.members.setdefault(room, {})[member] = (meta, self._shared.now() + lease)

    def leave(self, room: str, member: str) -> Any:
        members = self._shared.members.get(room, {})
        members.pop(member, None)
        if not members:
            self._shared.members.pop(room, None)

    def members(self, room: str) -> Any:
        now = self._shared.now()
        entered = self._shared.members.get(room, {})
        for member in [member for member, (_, end) in entered.items() if end <= now]:
            self.leave(room, member)
        return {member: meta for member, (meta, _) in entered.items()}
