"""
The counters of a hub: plain integers, read when somebody asks.

Counting happens for every message, so it is an addition and nothing more.
"""

from collections import Counter


class Counters:
    """
    How often it happened since the hub was made.

    @ivar opened: connections that were opened
    @ivar closed: connections that ended
    @ivar received: messages of peers
    @ivar dispatched: events that had handlers
    @ivar sent: messages to peers
    @ivar lost: messages to connections that had ended
    @ivar logins: logins that succeeded
    @ivar delayed: logins that had to wait, because too many of their address had failed
    @ivar failures: handlers that failed
    @ivar repeated: events that came again by their key, and weren't handled again
    @ivar unlogged: entries that peers caused, and that the log had no room for
    @ivar unpublished: messages that the backplane failed to send, where nobody waited for that
    @ivar refused: messages and events that were refused, by code
    @ivar closes: connections that we closed, by code
    @ivar full: what happened because too many bytes were kept, by the limit and what was done: C{connectionBytes},
        C{processBytes.refused}, C{processBytes.closed}, C{processBytes.forgotten}
    @ivar spared: messages that were left out because a peer was slow, by event
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
