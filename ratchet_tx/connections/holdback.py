"""
Buffers a room's live frames until the reply to the subscribe is sent.

The reply tells subscribers where they come in. Only then are they sent what happens from there on.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, NamedTuple, Protocol, TypeVar

from ratchet_tx.backplane.messages import Deliver
from ratchet_tx.wire.frames import Spare


class Held(NamedTuple):
    """
    A frame that waits.

    @ivar offset: its number, where its room has a history
    """

    room: str
    offset: int | None
    frame: bytes
    spare: Spare | None


class Hold:
    """
    What one connection isn't sent yet.

    @param rooms: of which rooms
    @param limit: how many bytes may wait, of all of them together; 0 for any number
    @ivar rooms: those that it is still subscribing to, and hasn't been taken out of meanwhile
    @ivar size: how many bytes wait
    @ivar lost: the rooms for which too much waited, so that nothing of theirs does any more; each with the last number that
        was dropped
    """

    __slots__ = ("_held", "_limit", "lost", "rooms", "size")

    def __init__(self, rooms: Iterable[str], limit: int) -> None:
        self.rooms = set(rooms)
        self.lost: dict[str, int | None] = {}
        self._limit = limit
        self._held: list[Held] = []
        self.size = 0

    def keep(self, held: Held) -> None:
        """
        Let a frame wait, or drop it with all others of its room where too much does.
        """
        if held.room in self.lost:
            self.lost[held.room] = held.offset
            return
        self._held.append(held)
        self.size += len(held.frame)
        if 0 < self._limit < self.size:
            self.lost[held.room] = held.offset
            self._drop(held.room)

    def _drop(self, room: str) -> None:
        self._held = [each for each in self._held if each.room != room]
        self.size = sum(len(each.frame) for each in self._held)

    def fit(self, limit: int) -> None:
        """
        Drop everything where more waits than can go on.
        """
        if limit < self.size:
            for each in self._held:
                self.lost[each.room] = each.offset
            self._held, self.size = [], 0

    def leave(self, room: str) -> None:
        """
        Wait for nothing of a room any more: it was left.
        """
        self.rooms.discard(room)
        self.lost.pop(room, None)
        self._drop(room)

    def leaveAll(self) -> None:
        """
        The same for every room.
        """
        self.rooms.clear()
        self.lost.clear()
        self._held, self.size = [], 0

    def after(self, offsets: Mapping[str, int]) -> Iterator[Held]:
        """
        Go through what waited, in order.

        @param offsets: up to which number of each room the connection has been told everything
        """
        for held in self._held:
            if held.offset is None or held.offset > offsets.get(held.room, 0):
                yield held


class Holder(Protocol):
    """
    Who has a hold: a connection.
    """

    id: str

    def holdBack(self, hold: Hold | None) -> None: ...
    def keeps(self, part: str, size: int) -> None: ...


Receiver = TypeVar("Receiver", bound=Holder)


class Holds(Generic[Receiver]):
    """
    The holds of one node, by room; a connection has one at a time.
    """

    def __init__(self) -> None:
        self._byRoom: dict[str, dict[Receiver, Hold]] = {}

    def open(self, connection: Receiver, rooms: Iterable[str], limit: int) -> Hold:
        """
        Let the frames of some rooms wait from now on.
        """
        hold = Hold(rooms, limit)
        connection.holdBack(hold)
        for room in hold.rooms:
            self._byRoom.setdefault(room, {})[connection] = hold
        return hold

    def close(self, connection: Receiver, rooms: Iterable[str]) -> None:
        """
        Let nothing wait any more; what did is the caller's.
        """
        connection.holdBack(None)
        for room in rooms:
            holding = self._byRoom[room]
            del holding[connection]
            if not holding:
                del self._byRoom[room]

    def __contains__(self, room: object) -> bool:
        return room in self._byRoom

    def keep(
        self, message: Deliver, frame: bytes, spare: Spare | None, receivers: Iterable[Receiver]
    ) -> tuple[Receiver, ...]:
        """
        Let a frame wait for those who are subscribing to its room.

        @return: all other receivers
        """
        assert message.room is not None, "only a room's frames wait"
        holding = self._byRoom[message.room]
        others = []
        for connection in receivers:
            if connection not in holding:
                others.append(connection)
            elif connection.id != message.without:
                hold = holding[connection]
                hold.keep(Held(message.room, message.offset, frame, spare))
                connection.keeps("held", hold.size)
        return tuple(others)
