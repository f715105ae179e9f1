"""
The happenings that a hub reports to its observers.

L{IHub.observe<ratchet_tx.interfaces.IHub.observe>} takes one of these classes.
None of them has a token or a message's data; an exception of an application's may.
"""

from dataclasses import dataclass
from typing import Any

from ratchet_tx.interfaces import IConnection


@dataclass(frozen=True, slots=True)
class Happening:
    """
    Something that happened on a connection.

    @ivar connection: which
    """

    connection: IConnection


@dataclass(frozen=True, slots=True)
class Opened(Happening):
    """
    A connection is open.
    """


@dataclass(frozen=True, slots=True)
class Closed(Happening):
    """
    A connection has ended.

    @ivar code: the close code of RFC 6455 section 7.4, or PROTOCOL's own; 1006 where the peer was lost
    @ivar reason: what was said with it
    @ivar clean: whether both sides took leave
    @ivar seconds: how long it was open
    """

    code: int
    reason: str
    clean: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class LoggedIn(Happening):
    """
    A connection has a client by a login; at open an anonymous one comes in without that.
    """


@dataclass(frozen=True, slots=True)
class LoginFailed(Happening):
    """
    A login was refused, or couldn't be decided.

    @ivar code: C{auth.invalid} or C{auth.unavailable}
    """

    code: str


@dataclass(frozen=True, slots=True)
class Dispatched(Happening):
    """
    An event is about to be given to its handlers.

    @ivar event: its name
    """

    event: str


@dataclass(frozen=True, slots=True)
class Refused(Happening):
    """
    A message of the peer's, or an event in it, was refused.

    @ivar event: the event's name; blank where that couldn't be read
    @ivar code: why, as PROTOCOL's Replies name it
    """

    event: str
    code: str


@dataclass(frozen=True, slots=True)
class HandlerFailed(Happening):
    """
    A handler raised, or its Deferred failed.

    @ivar event: which event it handled
    @ivar ref: what the peer was told instead of the exception
    @ivar failure: the exception, a L{Failure<twisted.python.failure.Failure>}
    """

    event: str
    ref: str
    failure: Any
