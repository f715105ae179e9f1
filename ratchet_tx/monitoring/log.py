"""
Logs what happens on a hub, without tokens or the data of messages.

Failures of handlers are logged where they happen, with the reference that the peer was told.
"""

from collections.abc import Callable
from typing import Any, Protocol

from twisted.logger import Logger, LogLevel

from ratchet_tx.happenings import Closed, Dispatched, Happening, LoggedIn, LoginFailed, Opened, Refused
from ratchet_tx.monitoring.peerlog import PeerLog
from ratchet_tx.monitoring.printable import printable, quoted

_log = Logger()


class Journaled(Protocol):
    """
    A hub that has a journal.
    """

    journal: "Journal"

    def observe(self, observer: Callable[[Any], Any], happening: type) -> None: ...


class Journal:
    """
    What is logged of a hub whether or not that is wished to be verbose.

    @param log: what has room for it, or not
    """

    def __init__(self, log: PeerLog) -> None:
        self._log = log

    def closed(self, happening: Closed) -> None:
        """
        Log that a connection has ended, and whose it was; not the reason, which may be the peer's own words.
        """
        who, seconds, code = _who(happening), happening.seconds, happening.code
        more = f" as {who} after {seconds:.1f} s: {code}" + ("" if happening.clean else ", not clean")
        self._note(LogLevel.info, "closed", happening, more, client=who, seconds=seconds, code=code, clean=happening.clean)

    def loginFailed(self, happening: LoginFailed) -> None:
        """
        Log that a login was refused.
        """
        self._note(LogLevel.warn, "login failed", happening, f": {happening.code}", code=happening.code)

    def _note(self, level: Any, what: str, happening: Happening, more: str, **facts: Any) -> None:
        line = _lineOf(what, happening, more)
        if self._log.admits(happening.connection.remoteAddress, line):
            _emit(level, line, happening, **facts)


def keepJournal(hub: Journaled, verbose: bool = False) -> None:
    """
    Log who comes and goes.

    A line costs as much as two events do, so there is one for each connection, when it has ended, as in a web server's log;
    and one for each login that fails.

    @param verbose: whether there is one for all else that happens, too; of these no line is ever left out, for an operator
        asked for them
    """
    hub.observe(hub.journal.closed, Closed)
    hub.observe(hub.journal.loginFailed, LoginFailed)
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
    _emit(level, _lineOf(what, happening, more), happening, **facts)


def _lineOf(what: str, happening: Happening, more: str) -> str:
    return f"{happening.connection.id} {what} from {happening.connection.remoteAddress}{more}"


def _emit(level: Any, line: str, happening: Happening, **facts: Any) -> None:
    id, address = happening.connection.id, happening.connection.remoteAddress
    # Twisted takes a format apart in Python, for each line anew: putting the line together here makes it half as dear.
    _log.emit(level, "{line}", line=line, id=id, address=address, **facts)
