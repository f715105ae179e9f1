"""
What is logged of a hub, through twisted.logger: it only observes, and never sees a token or a message's data.

Failures of handlers are logged where they happen, with the reference that the peer was told.
"""

from twisted.logger import Logger

from ratchet_tx.happenings import Closed, Dispatched, LoggedIn, LoginFailed, Opened, Refused
from ratchet_tx.interfaces import IHub

_log = Logger()


def keepJournal(hub: IHub, verbose: bool = False) -> None:
    """
    Log who comes and goes.

    @param verbose: whether each dispatched and each refused event is logged too, which costs more than handling it
    """
    hub.observe(opened, Opened)
    hub.observe(closed, Closed)
    hub.observe(loggedIn, LoggedIn)
    hub.observe(loginFailed, LoginFailed)
    if verbose:
        hub.observe(dispatched, Dispatched)
        hub.observe(refused, Refused)


def opened(happening: Opened) -> None:
    """
    Log that a connection is open.
    """
    connection = happening.connection
    _log.info("{id} opened from {address}", id=connection.id, address=connection.remoteAddress)


def closed(happening: Closed) -> None:
    """
    Log that a connection has ended.
    """
    connection = happening.connection
    _log.info(
        "{id} closed from {address}: {code}{unclean}",
        id=connection.id,
        address=connection.remoteAddress,
        # Not the reason, which may be the peer's own words.
        code=happening.code,
        unclean="" if happening.clean else ", not clean",
    )


def loggedIn(happening: LoggedIn) -> None:
    """
    Log that a connection has logged in, and who it is.
    """
    connection = happening.connection
    client = connection.client
    _log.info(
        "{id} logged in from {address} as {client}",
        id=connection.id,
        address=connection.remoteAddress,
        client=client.id if client is not None else None,
    )


def loginFailed(happening: LoginFailed) -> None:
    """
    Log that a login was refused.
    """
    connection = happening.connection
    _log.warn(
        "{id} login failed from {address}: {code}",
        id=connection.id,
        address=connection.remoteAddress,
        code=happening.code,
    )


def dispatched(happening: Dispatched) -> None:
    """
    Log that an event goes to its handlers.
    """
    connection = happening.connection
    _log.debug(
        "{id} dispatched from {address}: {event!r}",
        id=connection.id,
        address=connection.remoteAddress,
        event=happening.event,
    )


def refused(happening: Refused) -> None:
    """
    Log that something was refused.
    """
    connection = happening.connection
    _log.debug(
        "{id} refused from {address}: {event!r} {code}",
        id=connection.id,
        address=connection.remoteAddress,
        event=happening.event,
        code=happening.code,
    )
