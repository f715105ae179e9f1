"""
The default backplane: keeps everything in this process's memory, for one node or for several in the same process.
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
from ratchet_tx.backplane.historyevents import Position
from ratchet_tx.backplane.messages import Deliver, Message
from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IBackplane, IMemory

Receive = Callable[[Message], None]

#: How many seconds there are between two runs of C{expire}, at least.
_PAUSE = 1.0


class _Shared:
    """
    What all nodes of one memory share.

    @ivar receivers: the started nodes, each with the callable that receives its messages
    @ivar published: messages to deliver, each with the Deferred of its position where its room has a history
    @ivar delivering: whether a message is being delivered
    @ivar histories: the histories of rooms
    @ivar members: by room and connection id, the member's public data and when its lease ends
    @ivar watchers: by node, the callable that is told each change of the histories' bytes
    """

    def __init__(self, clock: IReactorTime | None) -> None:
        self._clock = clock
        self._expiring: IDelayedCall | None = None
        self.watchers: dict[MemoryBackplane, Callable[[int], None]] = {}
        self.receivers: dict[MemoryBackplane, Receive] = {}
        self.published: deque[tuple[Message, Deferred[Position] | None]] = deque()
        self.delivering = False
        self.histories = Histories(self._hasMembers, self._tellChange)
        self.members: dict[str, dict[str, tuple[Mapping[str, Any], float]]] = {}

    def now(self) -> float:
        return monotonic() if self._clock is None else self._clock.seconds()

    def provideClock(self, clock: IReactorTime) -> None:
        if self._clock is None:
            self._clock = clock

    def expireLater(self) -> None:
        """
        Set the timer that expires histories, unless it is set.
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

    def _hasMembers(self, room: str) -> bool:
        return any(node.hasMembers(room) for node in self.receivers)

    def deliver(self) -> None:
        """
        Deliver the published messages, each to every node before the next.
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
                # Appended at delivery, not at publish: else a history read in between has an event that nodes receive later.
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
            # Another node's receiver may have stopped this one.
            if node in self.receivers:
                self.receivers[node](message)


@implementer(IBackplane, IMemory)
class MemoryBackplane:
    """
    Carries messages between nodes in one process: when C{publish} returns, every node has received the message.

    A message that is published while another one is being received is delivered after that.

    @param beside: another node's backplane, to share everything with
    @param clock: tells the time; by default the clock of the first hub that starts this backplane, or one beside it
    """

    def __init__(self, beside: "MemoryBackplane | None" = None, clock: IReactorTime | None = None) -> None:
        self._shared: _Shared = beside._shared if beside is not None else _Shared(clock)
        self._rooms: set[str] = set()

    # IMemory

    @property
    def historyBytes(self) -> int:
        return self._shared.histories.bytes

    def limitHistories(self, limit: int, changed: Callable[[int], None]) -> None:
        self._shared.histories.limitTo(limit)
        self._shared.watchers[self] = changed

    def forgetOldest(self) -> bool:
        return self._shared.histories.forgetOldest(self._shared.now())

    # IBackplane

    def hasMembers(self, room: str) -> bool:
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

    # Every node receives every message: filtering by room would cost more.

    def subscribe(self, room: str) -> None:
        self._shared.histories.joining(room, self._shared.now())
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
