"""
Pings the peers of a port, and closes the connection of each that doesn't answer.

Whatever a peer sends counts as an answer.  A peer that still reads what was sent before the ping has more time, because it
hasn't seen the ping yet.
"""

from collections.abc import Hashable
from math import inf
from typing import Any, Protocol

from ratchet_tx.deferreds.timeouts import Patience, Timeouts
from ratchet_tx.transport.sockets.acknowledged import acknowledged
from ratchet_tx.transport.sockets.backlog import PORTION
from ratchet_tx.wire.closecodes import NO_PONG

#: For how long, in seconds, a peer that reads slowly may seem to read nothing: the system acknowledges in steps.
STEP_SECONDS = 4

#: When a peer took some that never did; made once, for each connection has it.
_NEVER = -inf


class Liveness:
    """
    What is known of one peer; only L{Keepalive} changes it.

    @ivar isAsked: whether the peer was pinged, and nothing has come from it since
    @ivar owed: how many of our pings it may still answer
    @ivar taken: how many bytes its end had taken when that was last looked at; -1 where it had all
    @ivar took: when it was last seen to take some
    """

    __slots__ = ("isAsked", "owed", "taken", "took")

    def __init__(self) -> None:
        self.isAsked = False
        self.owed = 0
        self.taken = -1
        self.took = _NEVER


class Writing(Protocol):
    """
    What is written to a peer: an L{Outlet<ratchet_tx.transport.sockets.outlet.Outlet>}, as far as it counts here.
    """

    def flush(self) -> None: ...
    def moved(self) -> bool: ...


class Closable(Protocol):
    """
    A connection, as far as it counts here.
    """

    def close(self, code: int, reason: str) -> None: ...


class Peer(Hashable, Protocol):
    """
    A peer's socket.

    @ivar connection: None where it isn't open any more
    """

    transport: Any
    liveness: Liveness

    @property
    def outlet(self) -> Writing: ...

    @property
    def connection(self) -> Closable | None: ...

    def sendPing(self) -> None: ...

    def wasPaused(self) -> bool:
        """
        Say whether we didn't read from it, at any time since this was asked before.
        """


class Keepalive:
    """
    The pings of a port.

    @param pingSeconds: how long after a sign of life a peer is pinged; 0 for never
    @param pongSeconds: how long it may take to answer; 0 for ever
    @param patience: measures the time, and waits for pongs until all is read
    """

    def __init__(self, pingSeconds: float, pongSeconds: float, patience: Patience) -> None:
        self._clock = patience.clock
        self._pings: Timeouts[Peer] = Timeouts(pingSeconds, patience.clock, self._ping)
        self._pongs: Timeouts[Peer] = Timeouts(pongSeconds, patience, self._missed)
        self._slowSeconds = max(pongSeconds, STEP_SECONDS)

    def begin(self, peer: Peer) -> None:
        """
        Ping a peer from now on.
        """
        self._pings.start(peer)

    def end(self, peer: Peer) -> None:
        """
        Forget a peer whose connection has ended.
        """
        self._pings.stop(peer)
        self._pongs.stop(peer)

    def _ping(self, peer: Peer) -> None:
        liveness = peer.liveness
        liveness.isAsked = True
        liveness.owed += 1
        peer.sendPing()
        # Now, and not at the turn's end: whatever holds it up until then would take its time from the peer.
        peer.outlet.flush()
        self.look(peer)
        if liveness.taken >= 0:
            # The ping stands behind what waits, which may be read from here on.
            liveness.took = self._clock.seconds()
        self._pongs.start(peer)

    def isOwed(self, peer: Peer) -> bool:
        """
        Take in a pong.

        @return: whether it answers one of our pings; a peer may send others
        """
        if not peer.liveness.owed:
            return False
        peer.liveness.owed -= 1
        return True

    def heard(self, peer: Peer) -> None:
        """
        Note a sign of life.
        """
        peer.liveness.isAsked = False
        # From here on counts whether we read.
        peer.wasPaused()
        self._pongs.stop(peer)
        self._pings.start(peer)

    def _missed(self, peer: Peer) -> None:
        """
        Close the connection, but for a peer whose answer couldn't come because we didn't read, or that still reads what was
        sent before the ping: it has that time once more.
        """
        if peer.connection is None:
            return
        if peer.wasPaused() or self._isReading(peer):
            self._pongs.start(peer)
        else:
            # The peer may still read why.
            peer.connection.close(NO_PONG, "No pong")

    def _isReading(self, peer: Peer) -> bool:
        self.look(peer)
        return self._clock.seconds() - peer.liveness.took < self._slowSeconds

    def look(self, peer: Peer) -> int:
        """
        Look at what a peer has taken of what was sent.

        @return: about how many bytes since the last time; 0 where it has all
        """
        liveness = peer.liveness
        before, liveness.taken = liveness.taken, acknowledged(peer.transport)
        some = 0
        if before >= 0:
            some = liveness.taken - before if liveness.taken >= 0 else 1
        if peer.outlet.moved():
            some += PORTION
        if some:
            liveness.took = self._clock.seconds()
        return some
