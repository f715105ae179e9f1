"""
What rooms cost, by how many there are and how large they are: joining, leaving, publishing and closing, with no network::

    python -m benchmarks.rooms

Each figure is the best of several rounds, in microseconds of CPU.
"""

from collections.abc import Callable
from time import process_time

from twisted.internet.task import Clock
from zope.interface import implementer

from ratchet_tx import Applications, Hub, RoomPolicy
from ratchet_tx.connections.connection import Connection
from ratchet_tx.interfaces import ITransport
from ratchet_tx.settings import Limits, Settings
from ratchet_tx.transport.handshake.request import Request

ROUNDS = 5


@implementer(ITransport)
class Nowhere:
    """
    A peer that reads everything, and doesn't look at it.
    """

    queuedBytes = 0

    def send(self, frame: bytes, spare: object = None) -> None:
        pass

    def sendText(self, text: bytes, spare: object = None) -> None:
        pass

    def close(self, code: int, reason: str) -> None:
        pass

    def abort(self) -> None:
        pass

    def pauseReading(self) -> None:
        pass

    def resumeReading(self) -> None:
        pass


class House:
    """
    A hub with rooms full of people.

    @param rooms: how many rooms there are
    @param members: how many are in each
    """

    def __init__(self, rooms: int, members: int) -> None:
        limits = Limits(connections=0, strangersPerAddress=0)
        applications = Applications()
        applications.registerRooms("*", RoomPolicy())
        applications.registerRooms("news-*", RoomPolicy(historySize=100, historySeconds=60))
        self.hub = Hub(clock=Clock(), settings=Settings(limits=limits), applications=applications)
        self.hub.startService()
        self.rooms = [f"room-{number}" for number in range(rooms)]
        for room in self.rooms:
            for _ in range(members):
                self.open().join(room)

    def open(self) -> Connection:
        """
        Take one more peer in.
        """
        return self.hub.peers.opened(Nowhere(), Request("/", {}, {}), "192.0.2.1")

    def close(self, connection: Connection) -> None:
        """
        Part with a peer.
        """
        self.hub.peers.closed(connection, 1006, "", False)


def cost(times: int, act: Callable[[int], object], prepare: Callable[[], object] = lambda: None) -> float:
    """
    Say what something costs once, in microseconds.

    @param act: does it, for a number
    @param prepare: done before each round, and not counted
    """
    best = float("inf")
    for _ in range(ROUNDS):
        prepare()
        before = process_time()
        for number in range(times):
            act(number)
        best = min(best, process_time() - before)
    return best / times * 1e6


def measure(rooms: int, members: int) -> None:
    """
    Print what it costs where there are so many rooms of so many members.
    """
    house = House(rooms, members)
    hub, names = house.hub, house.rooms
    guests = [house.open() for _ in range(1000)]

    def room(number: int) -> str:
        return names[number % len(names)]

    def leaveAll() -> None:
        for guest in guests:
            guest.leaveAll()

    def joinAll() -> None:
        leaveAll()
        for number, guest in enumerate(guests):
            guest.join(room(number))

    joining = cost(1000, lambda number: guests[number].join(room(number)), leaveAll)
    leaving = cost(1000, lambda number: guests[number].leave(room(number)), joinAll)
    going: list[Connection] = []

    def come() -> None:
        going[:] = [house.open() for _ in range(1000)]
        for number, each in enumerate(going):
            each.join(room(number))

    closing = cost(1000, lambda number: house.close(going[number]), come)
    publishing = cost(max(1, 20_000 // members), lambda number: hub.emit("x", {"text": "x" * 64}, room=room(number)))
    print(
        f"{rooms:6} rooms of {members:6}   join {joining:6.1f}   leave {leaving:6.1f}   close {closing:6.1f}"
        f"   publish {publishing:9.1f}, {publishing / members:.2f} for each member"
    )


def measureClosing(rooms: int) -> None:
    """
    Print what it costs to part with a peer that is in so many rooms, of which each has a hundred others.
    """
    house = House(rooms, 100)
    going: list[Connection] = []

    def come() -> None:
        going[:] = [house.open() for _ in range(20)]
        for each in going:
            for name in house.rooms:
                each.join(name)

    closing = cost(20, lambda number: house.close(going[number]), come)
    print(f"close a connection in {rooms:3} rooms: {closing:7.1f}, {closing / rooms:.2f} for each room")


def measureHistory() -> None:
    """
    Print what a history costs, beside a publish to a room without one.
    """
    house = House(1, 1)
    for room in ("room-0", "news-0"):
        house.open().join(room)
        print(f"publish to {room}: {cost(10_000, lambda _, room=room: house.hub.emit('x', 1, room=room)):.1f}")


if __name__ == "__main__":
    for rooms, members in ((1, 10), (1, 1000), (1, 100_000), (10_000, 10)):
        measure(rooms, members)
    for rooms in (1, 16, 128):
        measureClosing(rooms)
    measureHistory()
