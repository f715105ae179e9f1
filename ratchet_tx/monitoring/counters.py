"""
The counters of a hub: plain integers, which anyone may read.

Every message is counted, so counting is one addition and nothing more.
"""

from collections import Counter


class Counters:
    """
    What was counted since the hub was made.

    @ivar opened: connections opened
    @ivar closed: connections ended
    @ivar received: messages from peers
    @ivar dispatched: events passed to handlers
    @ivar sent: messages to peers
    @ivar lost: messages to connections that had ended
    @ivar logins: successful logins
    @ivar delayed: logins that waited, because their address sent many wrong tokens
    @ivar failures: failed handlers
    @ivar repeated: events that were sent again with the same key, and not handled again
    @ivar unlogged: log entries caused by peers that exceeded C{logBytesPerMinute} and were left out
    @ivar unpublished: messages that the backplane failed to publish, and whose failure the caller didn't handle
    @ivar refused: refused messages and events, by code
    @ivar closes: connections that the server closed, by code
    @ivar full: what was done at a limit of bytes, by limit and action: C{connectionBytes}, C{processBytes.refused},
        C{processBytes.closed}, C{processBytes.forgotten}
    @ivar spared: messages dropped for slow peers (C{whenSlow}), by event
    """

    __slots__ = (
        "closed",
        "closes",
        "delayed",
        "dispatched",
        "failures",
        "full",
        "logins",
        "lost",
        "opened",
        "received",
        "refused",
        "repeated",
        "sent",
        "spared",
        "unlogged",
        "unpublished",
    )

    def __init__(self) -> None:
        self.opened = self.closed = self.received = self.dispatched = self.sent = self.lost = 0
        self.logins = self.delayed = self.failures = self.repeated = 0
        self.unlogged = self.unpublished = 0
        self.refused: Counter[str] = Counter()
        self.closes: Counter[int] = Counter()
        self.full: Counter[str] = Counter()
        self.spared: Counter[str] = Counter()
