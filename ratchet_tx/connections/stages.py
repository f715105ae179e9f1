"""
The stages of a connection, from its handshake to its end.
"""

from enum import Enum


class Stage(Enum):
    """
    How far a connection has come.

    @cvar OPENING: the handshake is accepted, and its applications aren't made yet
    @cvar STRANGER: it has no client, and has to log in
    @cvar KNOWN: it has a client, which may be anonymous
    @cvar LEAVING: one side has begun to close it: nothing more from the peer is handled, and nothing more is sent
    @cvar GONE: it has ended
    """

    OPENING = "opening"
    STRANGER = "stranger"
    KNOWN = "known"
    LEAVING = "leaving"
    GONE = "gone"


#: The stages that may follow each stage.
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
    Goes through the stages, and never back.

    @ivar stage: the current stage
    @ivar closing: whether that is L{Stage.LEAVING} or L{Stage.GONE}; an attribute, because each message reads it
    """

    __slots__ = ("closing", "stage")

    def __init__(self) -> None:
        self.stage = Stage.OPENING
        self.closing = False

    @property
    def ended(self) -> bool:
        """
        Whether the connection has ended.
        """
        return self.stage is Stage.GONE

    def _moveTo(self, stage: Stage) -> None:
        """
        Move to another stage.

        @raise RuntimeError: for a stage that may not follow
        """
        if stage not in NEXT[self.stage]:
            raise RuntimeError(f"A connection doesn't go from {self.stage.value} to {stage.value}")
        self.stage = stage
        self.closing = stage in (Stage.LEAVING, Stage.GONE)

    def closeBegan(self) -> None:
        """
        Note that one side has begun to close it; nothing happens if it is closing already.
        """
        if not self.closing:
            self._moveTo(Stage.LEAVING)
