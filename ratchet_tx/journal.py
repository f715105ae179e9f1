"""
What is logged of a hub, through twisted.logger: it only observes, and never sees a token or a message's data.

Failures of handlers are logged where they happen, with the reference that the peer was told.
"""

from typing import Any

from twisted.logger import Logger, LogLevel

from ratchet_tx.happenings import Closed, Dispatched, Happening, LoggedIn, LoginFailed, Opened, Refused
from ratchet_tx.interfaces import IHub

_log = Logger()


def keepJournal(hub: IHub, verbose: bool = False) -> None:
    """
    Log who comes and goes.

    @param verbose: whether each connection that is open but not logged in, each dispatched and each refused event is logged
        too, which costs more than handling it
    """
    hub.observe(opened if verbose else cameIn, Opened)
    hub.observe(closed, Closed)
    hub.observe(loggedIn, LoggedIn)
    hub.observe(loginFailed, LoginFailed)
    if verbose:
        hub.observe(dispatched, Dispatched)
        hub.observe(refused, Refused)


def cameIn(happening: Opened) -> None:
    """
    Log that an anonymous connection is open; of any other it is told when it logs in, since a line costs as much as ten
    events do.
    """
    if happening.connection.client is not None:
        opened(happening)


def opened(happening: Opened) -> None:
    """
    Log that a connection is open.
    """
    _note(LogLevel.info, "opened", happening)


def closed(happening: Closed) -> None:
    """
    Log that a connection has ended; not the reason, which may be the peer's own words.
    """
    unclean = "" if happening.clean else ", not clean"
    _note(LogLevel.info, "closed", happening, ": {code}{unclean}", code=happening.code, unclean=unclean)


def loggedIn(happening: LoggedIn) -> None:
    """
    Log that a connection has logged in, and who it is.
    """
    client = happening.connection.client
    _note(LogLevel.info, "logged in", happening, " as {client}", client=client.id if client is not None else None)


def loginFailed(happening: LoginFailed) -> None:
    """
    Log that a login was refused.
    """
    _note(LogLevel.warn, "login failed", happening, ": {code}", code=happening.code)


def dispatched(happening: Dispatched) -> None:
    """
    Log that an event goes to its handlers.
    """
    _note(LogLevel.debug, "dispatched", happening, ": {event!r}", event=happening.event)


def refused(happening: Refused) -> None:
    """
    Log that something was refused; its event is blank where that couldn't be read.
    """
    _note(LogLevel.debug, "refused", happening, ": {event!r} {code}", event=happening.event, code=happening.code)


def _note(level: Any, what: str, happening: Happening, more: str = "", **facts: Any) -> None:
    connection = happening.connection
    place = {"id": connection.id, "address": connection.remoteAddress}
    _log.emit(level, f"{{id}} {what} from {{address}}{more}", **place, **facts)
