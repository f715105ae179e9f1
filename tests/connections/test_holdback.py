"""
What waits while somebody subscribes.
"""

from ratchet_tx.backplane.messages import Deliver
from ratchet_tx.connections.holdback import Held, Hold, Holds
from ratchet_tx.wire.encoding import encodeData


def held(room: str, offset: int | None = None, size: int = 10) -> Held:
    return Held(room, offset, b"x" * size, None)


def rest(hold: Hold, **offsets: int) -> list[tuple[str, int | None]]:
    return [(each.room, each.offset) for each in hold.framesAfter(offsets)]


class Receiver:
    def __init__(self, id: str) -> None:
        self.id = id
        self.hold: Hold | None = None
        self.kept: list[int] = []

    def holdBack(self, hold: Hold | None) -> None:
        self.hold = hold

    def countBytes(self, part: str, size: int) -> None:
        self.kept.append(size)


class TestHold:
    def test_after(self) -> None:
        """What waited goes on in its order, but for what somebody has been told otherwise."""
        hold = Hold(["news", "lobby"], 0)
        for frame in (held("news", 1), held("lobby"), held("news", 2), held("news", 3)):
            hold.keep(frame)
        assert rest(hold) == [("news", 1), ("lobby", None), ("news", 2), ("news", 3)]
        assert rest(hold, news=2) == [("lobby", None), ("news", 3)]

    def test_overflow(self) -> None:
        """Where too much waits, all of the room whose frame is one too many is dropped, and nothing of it waits any more."""
        hold = Hold(["news", "lobby"], 30)
        for frame in (held("news", 1), held("lobby"), held("news", 2)):
            hold.keep(frame)
        assert (hold.size, hold.lost) == (30, {})
        hold.keep(held("news", 3))
        hold.keep(held("news", 4))
        assert (rest(hold), hold.size, hold.lost) == ([("lobby", None)], 10, {"news": 4})

    def test_noLimit(self) -> None:
        """With no limit any number of frames waits."""
        hold = Hold(["news"], 0)
        for offset in range(1000):
            hold.keep(held("news", offset, 1000))
        assert (hold.size, hold.lost) == (1_000_000, {})

    def test_fit(self) -> None:
        """What can't go on at once is dropped, of all rooms; what can stays."""
        hold = Hold(["news", "lobby"], 0)
        hold.keep(held("news", 1))
        hold.keep(held("lobby"))
        hold.dropIfOver(20)
        assert len(rest(hold)) == 2
        hold.dropIfOver(19)
        assert (rest(hold), hold.size, hold.lost) == ([], 0, {"news": 1, "lobby": None})

    def test_leave(self) -> None:
        """Nothing waits of a room that was left, nor is it missed."""
        hold = Hold(["news", "lobby"], 15)
        hold.keep(held("lobby"))
        hold.keep(held("news", 1))
        hold.leave("news")
        assert (hold.rooms, rest(hold), hold.lost) == ({"lobby"}, [("lobby", None)], {})
        hold.leaveAll()
        assert (hold.rooms, rest(hold), hold.size) == (set(), [], 0)


class TestHolds:
    def test_byRoom(self) -> None:
        """A frame waits for those who are subscribing to its room, and goes to all others; to its sender in no case."""
        holds: Holds[Receiver] = Holds()
        ada, bob, eve = Receiver("c-1"), Receiver("c-2"), Receiver("c-3")
        adas, bobs = holds.open(ada, ["news"], 0), holds.open(bob, ["news", "lobby"], 0)
        message = Deliver("x", encodeData("x", 1), room="news", without="c-1")
        assert holds.keep(message, b"frame", None, (ada, bob, eve)) == (eve,)
        assert (rest(adas), rest(bobs)) == ([], [("news", None)])
        assert (ada.kept, bob.kept, eve.kept) == ([], [5], [])
        holds.close(ada, ["news"])
        assert (ada.hold, "news" in holds, "lobby" in holds, len(holds)) == (None, True, True, 2)
        holds.close(bob, ["news", "lobby"])
        assert ("news" in holds, "lobby" in holds, len(holds)) == (False, False, 0)
