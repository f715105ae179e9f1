"""
Buffers a room's live frames until the reply to the subscribe is sent.

The reply says at which offset the live events begin, so it has to come before them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, NamedTuple, Protocol, TypeVar

from ratchet_tx.backplane.messages import Deliver
from ratchet_tx.wire.frames import Spare


class HeldFrame(NamedTuple):
    """
    A buffered frame.

    @ivar offset: the event's offset, if its room has a history
    @ivar spare: how it may be dropped for slow peers, if it may
    """

    room: str
    offset: int | None
    frame: bytes
    spare: Spare | None


class HeldFrames:
    """
    The frames that one connection isn't sent yet.

    @param rooms: the rooms that it subscribes to
    @param limit: how many bytes may be buffered for all of them together; 0 for any number
    @ivar rooms: the rooms that it still subscribes to, and hasn't been taken out of meanwhile
    @ivar size: how many bytes are buffered
    @ivar lost: the rooms whose frames were dropped because they were too many, each with the last offset that was dropped
    """

    __slots__ = ("_held", "_limit", "lost", "rooms", "size")

    def __init__(self, rooms: Iterable[str], limit: int) -> None:
        self.rooms = set(rooms)
        self.lost: dict[str, int | None] = {}
        self._limit = limit
        self._held: list[HeldFrame] = []
        self.size = 0

    def keep(self, held: HeldFrame) -> None:
        """
        Buffer a frame; if there are too many bytes, drop it with all other frames of its room.
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

    def dropIfOver(self, limit: int) -> None:
        """
        Drop all frames if they are more bytes than can be sent.
        """
        if limit < self.size:
            for each in self._held:
                self.lost[each.room] = each.offset
            self._held, self.size = [], 0

    def leave(self, room: str) -> None:
        """
        Drop the frames of a room that the connection has left.
        """
        self.rooms.discard(room)
        self.lost.pop(room, None)
        self._drop(room)

    def leaveAll(self) -> None:
        """
        Drop the frames of all rooms, because the connection has left them.
        """
        self.rooms.clear()
        self.lost.clear()
        self._held, self.size = [], 0

    def framesAfter(self, offsets: Mapping[str, int]) -> Iterator[HeldFrame]:
        """
        Go through the buffered frames, in order.

        @param offsets: the offset by room up to which the reply has all events; frames up to there are left out
        """
        for held in self._held:
            if held.offset is None or held.offset > offsets.get(held.room, 0):
                yield held


class Subscriber(Protocol):
    """
    A connection that may subscribe to rooms.
    """

    id: str

    def holdBack(self, heldFrames: HeldFrames | None) -> None: ...
    def countBytes(self, part: str, size: int) -> None: ...


Receiver = TypeVar("Receiver", bound=Subscriber)


class Holdbacks(Generic[Receiver]):
    """
    The frames that are held back on one node, by room and connection.

    A connection has one L{HeldFrames} at a time, for all rooms of one subscribe.
    """

    def __init__(self) -> None:
        self._byRoom: dict[str, dict[Receiver, HeldFrames]] = {}

    def open(self, connection: Receiver, rooms: Iterable[str], limit: int) -> HeldFrames:
        """
        Begin to buffer the frames of some rooms for a connection.
        """
        heldFrames = HeldFrames(rooms, limit)
        connection.holdBack(heldFrames)
        for room in heldFrames.rooms:
            self._byRoom.setdefault(room, {})[connection] = heldFrames
        return heldFrames

    def close(self, connection: Receiver, rooms: Iterable[str]) -> None:
        """
        Stop buffering; the caller sends the frames that are buffered.
        """
        connection.holdBack(None)
        for room in rooms:
            holding = self._byRoom[room]
            del holding[connection]
            if not holding:
                del self._byRoom[room]

    def __contains__(self, room: object) -> bool:
        return room in self._byRoom

    def __len__(self) -> int:
        """
        Count the rooms whose frames are buffered for a connection.
        """
        return len(self._byRoom)

    def keep(
        self, message: Deliver, frame: bytes, spare: Spare | None, receivers: Iterable[Receiver]
    ) -> tuple[Receiver, ...]:
        """
        Buffer a frame for the connections that are subscribing to its room.

        @return: all other receivers
        """
        assert message.room is not None, "only frames of a room are buffered"
        holding = self._byRoom[message.room]
        others = []
        for connection in receivers:
            if connection not in holding:
                others.append(connection)
            elif connection.id != message.without:
                heldFrames = holding[connection]
                heldFrames.keep(HeldFrame(message.room, message.offset, frame, spare))
                connection.countBytes("held", heldFrames.size)
        return tuple(others)
