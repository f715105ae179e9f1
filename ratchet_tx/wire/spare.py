"""
What may be left out where a peer doesn't read as fast as we write; a value, which knows no peer.
"""

from typing import NamedTuple


class Spare(NamedTuple):
    """
    The mark of a frame that may be left out.

    @ivar event: the event's name
    @ivar room: the room that it was sent to, if any
    @ivar latest: whether a later one of the same event and room makes it needless; else it is dropped where too much waits
    """

    event: str
    room: str | None
    latest: bool
