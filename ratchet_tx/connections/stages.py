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


def follow(now: Stage, then: Stage) -> Stage:
    """
    Check that one stage may follow another.

    @return: the second one
    @raise RuntimeError: where it may not
    """
    if then not in NEXT[now]:
        raise RuntimeError(f"A connection doesn't go from {now.value} to {then.value}")
    return then
