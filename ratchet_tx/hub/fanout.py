"""
The fan-out: encodes an event into one frame, and sends the same bytes to many connections.
"""

from collections.abc import Iterable
from typing import Any

from twisted.logger import Logger

from ratchet_tx.backplane.messages import Deliver
from ratchet_tx.connections.connection import Connection
from ratchet_tx.connections.holdback import Holdbacks
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.wire.encoding import encode
from ratchet_tx.wire.frames import Spare, makeText


class Fanout:
    """
    The fan-out of one hub.

    @param counters: count what is sent
    @param spares: the events that may be dropped for slow peers, each C{drop} or C{latest}
    @ivar spares: the same
    @ivar holdbacks: hold back a room's events from connections that are just subscribing to it
    """

    _log = Logger()

    def __init__(self, counters: Counters, spares: dict[str, str]) -> None:
        self._counters = counters
        self.spares = spares
        self.holdbacks: Holdbacks[Connection] = Holdbacks()

    def deliver(self, message: Deliver, receivers: Iterable[Connection]) -> None:
        """
        Send an event to its receivers.
        """
        keys: dict[str, Any] = {} if message.room is None else {"room": message.room}
        if message.offset is None:
            spare = self.spare(message.event, message.room)
        else:
            # An event of a history can't be dropped: the peer would miss its offset.
            keys["offset"], spare = message.offset, None
        frame = makeText(encode(message.event, message.data, **keys))
        if message.room in self.holdbacks:
            receivers = self.holdbacks.keep(message, frame, spare, receivers)
        self.spread(frame, receivers, spare, message.without)

    def spread(
        self, frame: bytes, receivers: Iterable[Connection], spare: Spare | None = None, without: str | None = None
    ) -> None:
        """
        Send the same frame to many connections.

        @param without: the id of a connection that doesn't get it
        """
        failed = []
        sent = 0
        for connection in receivers:
            if connection.closing or connection.id == without:
                continue
            try:
                connection.transport.send(frame, spare)
                sent += 1
            except Exception:
                # It is dropped after the loop: its end may send other events, and they mustn't overtake this one.
                what = "Send failed, connection dropped: id={id}"
                connection.peerLog.failure(self._log, connection.remoteAddress, what, id=connection.id)
                failed.append(connection)
        self._counters.sent += sent
        for connection in failed:
            connection.transport.abort()

    def spare(self, event: str, room: str | None = None) -> Spare | None:
        """
        Say whether and how an event may be dropped for slow peers; None if it may not.
        """
        return Spare(event, room, self.spares[event] == "latest") if event in self.spares else None
