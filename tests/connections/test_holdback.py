"""
What waits while somebody subscribes.
"""

from ratchet_tx.backplane.messages import Deliver
from ratchet_tx.connections.holdback import HeldFrame, HeldFrames, Holdbacks
from ratchet_tx.wire.encoding import encodeData


def held(room: str, offset: int | None = None, size: int = 10) -> HeldFrame:
    return HeldFrame(room, offset, b"x" * size, None)


def rest(heldFrames: HeldFrames, **offsets: int) -> list[tuple[str, int | None]]:
    return [(each.room, each.offset) for each in heldFrames.framesAfter(offsets)]


class Receiver:
    def __init__(self, id: str) -> None:
        self.id = id
        self.heldFrames: HeldFrames | None = None
        self.kept: list[int] = []

    def holdBack(self, heldFrames: HeldFrames | None) -> None:
        self.heldFrames = heldFrames

    def countBytes(self, part: str, size: int) -> None:
        self.kept.append(size)


class TestHeldFrames:
    def test_after(self) -> None:
        """What waited goes on in its order, but for what somebody has been told otherwise."""
        heldFrames = HeldFrames(["news", "lobby"], 0)
        for frame in (held("news", 1), held("lobby"), held("news", 2), held("news", 3)):
            heldFrames.keep(frame)
        assert rest(heldFrames) == [("news", 1), ("lobby", None), ("news", 2), ("news", 3)]
        assert rest(heldFrames, news=2) == [("lobby", None), ("news", 3)]

    def test_overflow(self) -> None:
        """Where too much waits, all of the room whose frame is one too many is dropped, and nothing of it waits any more."""
        heldFrames = HeldFrames(["news", "lobby"], 30)
        for frame in (held("news", 1), held("lobby"), held("news", 2)):
            heldFrames.keep(frame)
        assert (heldFrames.size, heldFrames.lost) == (30, {})
        heldFrames.keep(held("news", 3))
        heldFrames.keep(held("news", 4))
        assert (rest(heldFrames), heldFrames.size, heldFrames.lost) == ([("lobby", None)], 10, {"news": 4})

    def test_noLimit(self) -> None:
        """With no limit any number of frames waits."""
        heldFrames = HeldFrames(["news"], 0)
        for offset in range(1000):
            heldFrames.keep(held("news", offset, 1000))
        assert (heldFrames.size, heldFrames.lost) == (1_000_000, {})

    def test_fit(self) -> None:
        """What can't go on at once is dropped, of all rooms; what can stays."""
        heldFrames = HeldFrames(["news", "lobby"], 0)
        heldFrames.keep(held("news", 1))
        heldFrames.keep(held("lobby"))
        heldFrames.dropIfOver(20)
        assert len(rest(heldFrames)) == 2
        heldFrames.dropIfOver(19)
        assert (rest(heldFrames), heldFrames.size, heldFrames.lost) == ([], 0, {"news": 1, "lobby": None})

    def test_leave(self) -> None:
        """Nothing waits of a room that was left, nor is it missed."""
        heldFrames = HeldFrames(["news", "lobby"], 15)
        heldFrames.keep(held("lobby"))
        heldFrames.keep(held("news", 1))
        heldFrames.leave("news")
        assert (heldFrames.rooms, rest(heldFrames), heldFrames.lost) == ({"lobby"}, [("lobby", None)], {})
        heldFrames.leaveAll()
        assert (heldFrames.rooms, rest(heldFrames), heldFrames.size) == (set(), [], 0)


class TestHoldbacks:
    def test_byRoom(self) -> None:
        """A frame waits for those who are subscribing to its room, and goes to all others; to its sender in no case."""
        holdbacks: Holdbacks[Receiver] = Holdbacks()
        ada, bob, eve = Receiver("c-1"), Receiver("c-2"), Receiver("c-3")
        adas, bobs = holdbacks.open(ada, ["news"], 0), holdbacks.open(bob, ["news", "lobby"], 0)
        message = Deliver("x", encodeData("x", 1), room="news", without="c-1")
        assert holdbacks.keep(message, b"frame", None, (ada, bob, eve)) == (eve,)
        assert (rest(adas), rest(bobs)) == ([], [("news", None)])
        assert (ada.kept, bob.kept, eve.kept) == ([], [5], [])
        holdbacks.close(ada, ["news"])
        assert (ada.heldFrames, "news" in holdbacks, "lobby" in holdbacks, len(holdbacks)) == (None, True, True, 2)
        holdbacks.close(bob, ["news", "lobby"])
        assert ("news" in holdbacks, "lobby" in holdbacks, len(holdbacks)) == (False, False, 0)
