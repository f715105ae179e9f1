"""
Typed events: handlers that say what data they take, and what they give; others' data is refused before it gets to them.

    cd examples && twistd -n ratchet --application places.Places
    cd examples && python -m ratchet_tx describe places:Places
"""

import math

import msgspec

from ratchet_tx import ConnectionEvent, on


class Point(msgspec.Struct):
    x: float
    y: float = 0


class Places:
    @on("place.mark")
    def mark(self, event: ConnectionEvent[Point]) -> float:
        """
        Marks a place for everybody, and says how far it is from the middle.
        """
        point = event.payload.data
        event.hub.emit("place.marked", point)
        return math.hypot(point.x, point.y)
