"""
The fan-out: encodes and frames an event once, and sends the same bytes to many.
"""

from collections.abc import Iterable
from typing import Any

from twisted.logger import Logger

from ratchet_tx.backplane.messages import Deliver
from ratchet_tx.connections.connection import Connection
from ratchet_tx.connections.holdback import Holds
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.wire.encoding import encode
from ratchet_tx.wire.frames import Spare, makeText


class Delivery:
    """
    The fan-out of one hub.

    @param counters: where is counted how much was sent
    @param spares: what may be left out for slow peers, by event
    @ivar spares: the same
    @ivar holds: who isn't sent a room's events yet, because he is subscribing to it
    """

    _log = Logger()

    def __init__(self, counters: Counters, spares: dict[str, str]) -> None:
        self._counters = counters
        self.spares = spares
        self.holds: Holds[Connection] = Holds()

    def deliver(self, message: Deliver, receivers: Iterable[Connection]) -> None:
        """
        Send an event to those whom it is for.
        """
        keys: dict[str, Any] = {} if message.room is None else {"room": message.room}
        if message.offset is None:
            spare = self.spare(message.event, message.room)
        else:
            # Without it the numbers would have a gap.
            keys["offset"], spare = message.offset, None
        frame = makeText(encode(message.event, message.data, **keys))
        if message.room in self.holds:
            receivers = self.holds.keep(message, frame, spare, receivers)
        self.spread(frame, receivers, spare, message.without)

    def spread(
        self, frame: bytes, receivers: Iterable[Connection], spare: Spare | None = None, without: str | None = None
    ) -> None:
        """
        Send the same bytes to many connections.

        @param without: the id of one to leave out
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
                # It isn't dropped here, for its end would be told in the middle of the others' event.
                what = "Sending to {id} failed; it is dropped"
                connection.peerLog.failure(self._log, connection.remoteAddress, what, id=connection.id)
                failed.append(connection)
        self._counters.sent += sent
        for connection in failed:
            connection.transport.abort()

    def spare(self, event: str, room: str | None = None) -> Spare | None:
        """
        Say whether an event may be left out for a slow peer.
        """
        return Spare(event, room, self.spares[event] == "latest") if event in self.spares else None
