"""
Every error that ratchet_tx raises.

They share a root and have two halves: what the peer did wrong, and what we did::

    RatchetError
     |- PeerError             the peer's: has the code that is sent back
     |   `- Failed            what the peer is told of a failure of ours
     |- AskRefused            the peer's answer to our question, or its silence
     `- UsageError            ours: the application's author, or the operator, has something to change
         `- TimerAlreadyAdded
"""

from typing import Any


class RatchetError(Exception):
    """
    The root: catch it to catch everything that is of this package's making.
    """


class PeerError(RatchetError):
    """
    A refusal that the peer is told: by us where it broke the protocol, by an application where it may not do a thing.

    Raised in a handler it is an answer and not a failure: it isn't logged as one, and nobody's traceback is shown.

    @ivar code: what went wrong, for programs, such as C{event.unknown}; applications have codes of their own
    @ivar message: the same for people
    @ivar retry: whether the same may succeed later
    @ivar facts: what else the peer may know, each a JSON value
    """

    def __init__(self, code: str, message: str = "", retry: bool = False, **facts: Any) -> None:
        super().__init__(code, message)
        if not isinstance(code, str):
            raise UsageError(f"A PeerError's code is a text, not {type(code).__name__}.")
        self.code = code
        self.message = message
        self.retry = retry
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code

    def asJSON(self) -> dict[str, Any]:
        """
        Say it as it goes over the wire (PROTOCOL, Replies).
        """
        return {"code": self.code, "message": self.message, "retry": self.retry, **self.facts}


class Failed(PeerError):
    """
    A refusal of our own making, because a handler failed or took too long; what an application raises isn't one,
    whatever its code and facts are.
    """


class AskRefused(RatchetError):
    """
    A question to a peer got no result: the peer refused, did not answer in time, or went away.

    It isn't a L{PeerError}: a handler that lets it pass has failed, for the peer can't be told its own refusal as ours.

    @ivar code: the peer's own, or C{reply.timeout}, or C{reply.lost}
    @ivar message: the same for people
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        # The peer's own words have no place in a log.
        return self.code if self.code in ("reply.timeout", "reply.lost") else "The peer refused"


class UsageError(RatchetError):
    """
    Something on our side is used wrongly; the message says what to do instead.
    """


class TimerAlreadyAdded(UsageError):
    """
    A second timer has the name of a first.

    @ivar name: the name
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a timer named {name!r} already: give each timer a name of its own.")
        self.name = name
