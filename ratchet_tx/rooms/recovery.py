"""
Reads the events that a client missed in a room since its last position, or the room's last events.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ratchet_tx.backplane.historyevents import HistoryEvent, Position, isAll
from ratchet_tx.rooms.access import Permission
from ratchet_tx.rooms.replay import Replay
from ratchet_tx.rooms.requests import Since, Subscription


class Joined(NamedTuple):
    """
    A room that the client has joined.

    @ivar wanted: what the client asked for
    @ivar now: the room's current position; None if it has no history
    @ivar missed: all events since the client's position; None if some may be lost
    @ivar last: the last events, if the client asked for them and C{missed} is None
    """

    wanted: Subscription
    now: Position | None = None
    missed: Sequence[HistoryEvent] | None = None
    last: Sequence[HistoryEvent] = ()


async def recover(permission: Permission, replay: Replay, wanted: Subscription) -> Joined:
    """
    Read what a client missed in a room that it has joined.

    @param replay: limits how many events the reply can have
    @raise PeerError: as L{Permission.readHistory}
    """
    room, count = wanted.room, wanted.history
    keep = permission.keep(room)
    if keep is None:
        return Joined(wanted)
    since = None if wanted.recover is None else wanted.recover.position
    most = replay.mostEvents(keep.size) if since else 0
    epoch, offset, events = await permission.readHistory(room, wanted.recover, most, keep)
    now = Position(epoch, offset)
    isRecovered = since is not None and isAll(events, since, now) and replay.fitsAlone(events)
    if isRecovered or not count:
        return Joined(wanted, now, events if isRecovered else None)
    # One more than the client asked for, to know whether there are more.
    before = Since(epoch, max(0, offset - count - 1))
    epoch, offset, events = await permission.readHistory(room, before, keep.size, keep)
    return Joined(wanted, Position(epoch, offset), None, events[-count - 1 :])
