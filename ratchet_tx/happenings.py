"""
The happenings that a hub reports to its observers.

L{IHub.observe<ratchet_tx.interfaces.IHub.observe>} takes one of these classes.
None of them has a token or a message's data, but an application's exception may.
"""

from dataclasses import dataclass
from typing import Any

from ratchet_tx.interfaces import IConnection


@dataclass(frozen=True, slots=True)
class Happening:
    """
    Something that happened on a connection.

    @ivar connection: the connection
    """

    connection: IConnection


@dataclass(frozen=True, slots=True)
class Opened(Happening):
    """
    A connection was opened.
    """


@dataclass(frozen=True, slots=True)
class Closed(Happening):
    """
    A connection has ended.

    @ivar code: the close code, of RFC 6455 section 7.4 or PROTOCOL's own; 1006 if the peer was lost
    @ivar reason: the reason that came with the code
    @ivar clean: whether both sides sent a close frame
    @ivar seconds: how long it was open
    """

    code: int
    reason: str
    clean: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class LoggedIn(Happening):
    """
    A login gave a connection its client. An anonymous client at open doesn't count as a login.
    """


@dataclass(frozen=True, slots=True)
class LoginFailed(Happening):
    """
    A login was refused.

    @ivar code: C{auth.invalid} or C{auth.unavailable}
    """

    code: str


@dataclass(frozen=True, slots=True)
class Dispatched(Happening):
    """
    An event is about to be passed to its handlers.

    @ivar event: its name
    """

    event: str


@dataclass(frozen=True, slots=True)
class Refused(Happening):
    """
    A peer's message was refused.

    @ivar event: the event's name; blank if it couldn't be read
    @ivar code: the error code (PROTOCOL, Replies)
    """

    event: str
    code: str


@dataclass(frozen=True, slots=True)
class HandlerFailed(Happening):
    """
    A handler failed.

    @ivar event: the event's name
    @ivar ref: the reference that the peer got instead of the exception; the log has it too
    @ivar failure: the exception, a L{Failure<twisted.python.failure.Failure>}
    """

    event: str
    ref: str
    failure: Any
