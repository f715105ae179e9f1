"""
Drops closed connections whose peers don't close in turn: each has a few seconds to read what was sent and to end.

Without it a close may never end: the transport waits for the peer, over TLS to answer, and over plain TCP to read.
"""

from collections.abc import Hashable
from typing import Protocol

from ratchet_tx.deferreds.timeouts import Patience, Timeouts

#: How long, in seconds, a peer may take to answer our close, and to read what was sent before.
LINGER_SECONDS = 3


class Leaver(Hashable, Protocol):
    """
    A connection that has been closed.
    """

    def moved(self) -> bool:
        """
        Say whether the peer still reads what was sent before, so that it gets more time.
        """

    def drop(self) -> None:
        """
        End the connection at once, with all that still waits.
        """


class Closing:
    """
    The connections of a port, or a site, that have been closed and have not ended.

    @param patience: measures the time that each has
    """

    def __init__(self, patience: Patience) -> None:
        self._leavers: Timeouts[Leaver] = Timeouts(LINGER_SECONDS, patience, self._stayed)

    def begin(self, leaver: Leaver) -> None:
        """
        Give a connection that is being closed its time, or give it again.
        """
        self._leavers.start(leaver)

    def ended(self, leaver: Leaver) -> None:
        """
        Note that a connection has ended; nothing happens if it wasn't being closed.
        """
        self._leavers.stop(leaver)

    def _stayed(self, leaver: Leaver) -> None:
        if leaver.moved():
            self._leavers.start(leaver)
        else:
            leaver.drop()
