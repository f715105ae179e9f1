"""
The stages of a connection, from its handshake to its end.
"""

from enum import Enum


class Stage(Enum):
    """
    How far a connection has come.

    @cvar OPENING: its handshake is accepted, and its applications aren't made yet
    @cvar STRANGER: it has no client, and has to log in
    @cvar KNOWN: it has a client, who may be an anonymous one
    @cvar LEAVING: somebody has begun to close it: nothing is taken from the peer any more, and nothing is sent
    @cvar GONE: the peer is gone
    """

    OPENING = "opening"
    STRANGER = "stranger"
    KNOWN = "known"
    LEAVING = "leaving"
    GONE = "gone"


#: Which stages may follow each.
NEXT = {
    Stage.OPENING: {Stage.STRANGER, Stage.KNOWN, Stage.LEAVING, Stage.GONE},
    Stage.STRANGER: {Stage.KNOWN, Stage.LEAVING, Stage.GONE},
    # A login as another client changes the client and not the stage.
    Stage.KNOWN: {Stage.LEAVING, Stage.GONE},
    Stage.LEAVING: {Stage.GONE},
    Stage.GONE: set(),
}


class Staged:
    """
    What goes through the stages, and never back.

    @ivar stage: the stage that it is in
    @ivar closing: whether that is L{Stage.LEAVING} or L{Stage.GONE}, as an attribute, for each message asks
    """

    __slots__ = ("closing", "stage")

    def __init__(self) -> None:
        self.stage = Stage.OPENING
        self.closing = False

    @property
    def ended(self) -> bool:
        """
        Whether it is gone.
        """
        return self.stage is Stage.GONE

    def _go(self, stage: Stage) -> None:
        """
        Go on to another stage.

        @raise RuntimeError: for one that may not follow
        """
        if stage not in NEXT[self.stage]:
            raise RuntimeError(f"A connection doesn't go from {self.stage.value} to {stage.value}")
        self.stage = stage
        self.closing = stage in (Stage.LEAVING, Stage.GONE)

    def closeBegan(self) -> None:
        """
        Note that it is being closed, whoever began it; nothing happens where it was already.
        """
        if not self.closing:
            self._go(Stage.LEAVING)
