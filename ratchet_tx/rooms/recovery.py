"""
Recovers what a client missed in a room, from the position that it had, or reads what was published last.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ratchet_tx.backplane.historyevents import HistoryEvent, Position, isAll
from ratchet_tx.rooms.access import Permission
from ratchet_tx.rooms.replay import Replay
from ratchet_tx.rooms.requests import Since, Subscription


class Entered(NamedTuple):
    """
    A room that the client is in.

    @ivar wanted: what the client asked for
    @ivar now: the room's position; None where it has no history
    @ivar missed: what was published since the position that the client wants to go on from; None where that can't be told
    @ivar last: what was published last, where it was asked for and what was missed can't be told
    """

    wanted: Subscription
    now: Position | None = None
    missed: Sequence[HistoryEvent] | None = None
    last: Sequence[HistoryEvent] = ()


async def recover(permission: Permission, replay: Replay, wanted: Subscription) -> Entered:
    """
    Read what a client missed in a room that it is in.

    @param replay: says how much the reply can have
    @raise PeerError: as L{Permission.past}
    """
    room, count = wanted.room, wanted.history
    keep = permission.keep(room)
    if keep is None:
        return Entered(wanted)
    since = None if wanted.recover is None else wanted.recover.position
    most = replay.mostEvents(keep.size) if since else 0
    epoch, offset, events = await permission.past(room, wanted.recover, most, keep)
    now = Position(epoch, offset)
    isRecovered = since is not None and isAll(events, since, now) and replay.couldHave(events)
    if isRecovered or not count:
        return Entered(wanted, now, events if isRecovered else None)
    # One more than was asked for, which says whether there are more.
    before = Since(epoch, max(0, offset - count - 1))
    epoch, offset, events = await permission.past(room, before, keep.size, keep)
    return Entered(wanted, Position(epoch, offset), None, events[-count - 1 :])
