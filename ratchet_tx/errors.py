"""
The errors that ratchet_tx raises.

They share a root. A C{PeerError} is for the peer, a C{UsageError} for the author or the operator::

    RatchetError
     |- PeerError             refuses a peer's event: has the code that is sent back
     |   `- Failed            tells the peer that a handler failed
     |- AskRefused            an C{ask} got a refusal, or no reply
     `- UsageError            the application's author, or the operator, has to change something
         `- TimerAlreadyAdded
"""

from typing import Any


class RatchetError(Exception):
    """
    The root of all errors of this package.
    """


class PeerError(RatchetError):
    """
    A refusal that is sent to the peer: the hub raises it for what breaks the protocol, an application for what it doesn't
    allow.

    A handler that raises it has replied, not failed: nothing is logged.

    @ivar code: the reason, for programs, such as C{event.unknown}; applications have codes of their own
    @ivar message: the reason, for people
    @ivar retry: whether the same event may succeed later
    @ivar facts: further JSON values for the peer, by name
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
        Make the object that is sent to the peer (PROTOCOL, Replies).
        """
        return {"code": self.code, "message": self.message, "retry": self.retry, **self.facts}


class Failed(PeerError):
    """
    The hub's own refusal, because a handler failed or took too long; applications don't raise it.
    """


class AskRefused(RatchetError):
    """
    An C{ask} got no result: the peer refused, didn't reply in time, or was lost.

    It isn't a L{PeerError}: a handler that doesn't catch it has failed, rather than refused its own event.

    @ivar code: the peer's own code, or C{reply.timeout}, or C{reply.lost}
    @ivar message: the reason, for people
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        # The peer chose its code and message, so they don't go into a log.
        return self.code if self.code in ("reply.timeout", "reply.lost") else "The peer refused"


class UsageError(RatchetError):
    """
    A mistake of the application's author or the operator; the message says what to do instead.
    """


class TimerAlreadyAdded(UsageError):
    """
    Two timers have the same name.

    @ivar name: the name
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a timer named {name!r} already: give each timer a name of its own.")
        self.name = name
