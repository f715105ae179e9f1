"""
Logs connections, logins and events of a hub, without tokens or the data of messages.

Failed handlers are logged elsewhere, with the reference that the peer was told.
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
    A hub with a journal.
    """

    journal: "Journal"

    def observe(self, observer: Callable[[Any], Any], happening: type) -> None: ...


class Journal:
    """
    Logs what is always logged, verbose or not: ended connections and failed logins.

    @param log: decides whether the log has room
    """

    def __init__(self, log: PeerLog) -> None:
        self._log = log

    def closed(self, happening: Closed) -> None:
        """
        Log that a connection has ended; without the reason, which may be the peer's own text.
        """
        client, seconds, code = _clientOf(happening), happening.seconds, happening.code
        more = f" client={client} seconds={seconds:.1f} code={code}" + ("" if happening.clean else " clean=no")
        facts = {"client": client, "seconds": seconds, "code": code, "clean": happening.clean}
        self._note(LogLevel.info, "Connection closed", happening, more, **facts)

    def loginFailed(self, happening: LoginFailed) -> None:
        """
        Log that a login was refused.
        """
        self._note(LogLevel.warn, "Login failed", happening, f" code={happening.code}", code=happening.code)

    def _note(self, level: Any, what: str, happening: Happening, more: str, **facts: Any) -> None:
        line = _lineOf(what, happening, more)
        if self._log.admits(happening.connection.remoteAddress, line):
            _emit(level, line, happening, **facts)


def keepJournal(hub: Journaled, verbose: bool = False) -> None:
    """
    Start logging a hub: a line for each ended connection, and one for each failed login.

    A line costs as much as two events, so an opened connection has none by default.

    @param verbose: also log opened connections, logins, dispatched and refused events; these lines have no limit
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
    _note(LogLevel.info, "Connection opened", happening)


def loggedIn(happening: LoggedIn) -> None:
    """
    Log that a connection has logged in, and as which client.
    """
    client = _clientOf(happening)
    _note(LogLevel.info, "Login succeeded", happening, f" client={client}", client=client)


def _clientOf(happening: Happening) -> str:
    client = happening.connection.client
    # A client's id is quoted, so that none can be taken for a stranger, or for another key=value.
    return "stranger" if client is None else quoted(client.id)


def dispatched(happening: Dispatched) -> None:
    """
    Log that an event is passed to its handlers.
    """
    event = printable(happening.event)
    _note(LogLevel.debug, "Event dispatched", happening, f' event="{event}"', event=event)


def refused(happening: Refused) -> None:
    """
    Log that an event was refused; its name is blank where it couldn't be read.
    """
    event, code = printable(happening.event), printable(happening.code)
    _note(LogLevel.debug, "Event refused", happening, f' event="{event}" code={code}', event=event, code=code)


def _note(level: Any, what: str, happening: Happening, more: str = "", **facts: Any) -> None:
    _emit(level, _lineOf(what, happening, more), happening, **facts)


def _lineOf(what: str, happening: Happening, more: str) -> str:
    return f"{what}: id={happening.connection.id} address={happening.connection.remoteAddress}{more}"


def _emit(level: Any, line: str, happening: Happening, **facts: Any) -> None:
    id, address = happening.connection.id, happening.connection.remoteAddress
    # Twisted parses a format in Python for each line: formatting the line here takes half the time.
    _log.emit(level, "{line}", line=line, id=id, address=address, **facts)
