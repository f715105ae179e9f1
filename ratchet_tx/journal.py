"""
What is logged of a hub, through twisted.logger: it only observes, and never sees a token or a message's data.

Failures of handlers are logged where they happen, with the reference that the peer was told.
"""

from typing import Any

from twisted.logger import Logger, LogLevel

from ratchet_tx.happenings import Closed, Dispatched, Happening, LoggedIn, LoginFailed, Opened, Refused
from ratchet_tx.interfaces import IHub
from ratchet_tx.printable import printable, quoted

_log = Logger()


def keepJournal(hub: IHub, verbose: bool = False) -> None:
    """
    Log who comes and goes.

    A line costs as much as two events do, so there is one for each connection, when it has ended, as in a web server's log;
    and one for each login that fails.

    @param verbose: whether there is one for all else that happens, too
    """
    hub.observe(closed, Closed)
    hub.observe(loginFailed, LoginFailed)
    if verbose:
        hub.observe(opened, Opened)
        hub.observe(loggedIn, LoggedIn)
        hub.observe(dispatched, Dispatched)
        hub.observe(refused, Refused)


def opened(happening: Opened) -> None:
    """
    Log that a connection is open.
    """
    _note(LogLevel.info, "opened", happening)


def closed(happening: Closed) -> None:
    """
    Log that a connection has ended, and whose it was; not the reason, which may be the peer's own words.
    """
    who, seconds, code = _who(happening), happening.seconds, happening.code
    more = f" as {who} after {seconds:.1f} s: {code}" + ("" if happening.clean else ", not clean")
    _note(LogLevel.info, "closed", happening, more, client=who, seconds=seconds, code=code, clean=happening.clean)


def loggedIn(happening: LoggedIn) -> None:
    """
    Log that a connection has logged in, and who it is.
    """
    _note(LogLevel.info, "logged in", happening, f" as {_who(happening)}", client=_who(happening))


def _who(happening: Happening) -> str:
    client = happening.connection.client
    if client is None:
        return "a stranger"
    # Else an id with blanks in it could say anything, "a stranger" too.
    return quoted(client.id) if " " in client.id or not client.id else printable(client.id)


def loginFailed(happening: LoginFailed) -> None:
    """
    Log that a login was refused.
    """
    _note(LogLevel.warn, "login failed", happening, f": {happening.code}", code=happening.code)


def dispatched(happening: Dispatched) -> None:
    """
    Log that an event goes to its handlers.
    """
    _note(LogLevel.debug, "dispatched", happening, f": {quoted(happening.event)}", event=printable(happening.event))


def refused(happening: Refused) -> None:
    """
    Log that something was refused; its event is blank where that couldn't be read.
    """
    event, code = happening.event, printable(happening.code)
    _note(LogLevel.debug, "refused", happening, f": {quoted(event)} {code}", event=printable(event), code=code)


def _note(level: Any, what: str, happening: Happening, more: str = "", **facts: Any) -> None:
    id, address = happening.connection.id, happening.connection.remoteAddress
    # Twisted takes a format apart in Python, for each line anew: putting the line together here makes it half as dear.
    _log.emit(level, "{line}", line=f"{id} {what} from {address}{more}", id=id, address=address, **facts)
