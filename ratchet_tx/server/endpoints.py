"""
Completes the descriptions of endpoints: with the loopback interface, and with a backlog.
"""

import re
import socket

from ratchet_tx.errors import UsageError

#: The kinds that listen on all interfaces by default, each with its loopback interface.
_LOOPBACK = {"tcp": "127.0.0.1", "ssl": "127.0.0.1", "tcp6": r"\:\:1", "tls": r"\:\:1"}

#: The kinds without an interface: file permissions or systemd decide who may connect.
_UNCHANGED = ("unix", "systemd")

#: How many unnamed arguments may stand before the backlog.
_BEFORE_BACKLOG = {"tcp": 2, "tcp6": 1, "tls": 2, "ssl": 5, "unix": 2}

_SEPARATOR = re.compile(r"(?<!\\):")

_INTERFACE = re.compile(r"(?<!\\):interface=")


def onLoopback(description: str) -> str:
    """
    Add the loopback interface to an endpoint's description, unless it names an interface.

    @param description: a Twisted endpoint, such as C{tcp:9000} or C{unix:/run/admin}; or only a port
    @raise UsageError: for any other kind: it might listen on other interfaces
    """
    if description.isdigit():
        description = f"tcp:{description}"
    kind = description.partition(":")[0].lower()
    if kind in _UNCHANGED or (kind in _LOOPBACK and _INTERFACE.search(description)):
        return description
    if kind not in _LOOPBACK:
        kinds = ", ".join([*_LOOPBACK, *_UNCHANGED])
        raise UsageError(f"admin-listen: {description!r} is neither a port nor one of {kinds}")
    return f"{description}:interface={_LOOPBACK[kind]}"


def withBacklog(description: str) -> str:
    """
    Add the longest backlog that the system allows to an endpoint's description, unless it has one.

    Twisted's default is 50: when thousands of clients reconnect at once, the system would drop most of them, and they would
    retry after seconds. The system itself reduces the backlog to its limit, such as Linux' C{net.core.somaxconn}.

    @param description: a Twisted endpoint; a kind without a backlog stays as it is
    """
    kind, *arguments = wordsOf(description)
    unnamed = [argument for argument in arguments if not re.search(r"(?<!\\)=", argument)]
    if len(unnamed) > _BEFORE_BACKLOG.get(kind.lower(), -1) or any(each.startswith("backlog=") for each in arguments):
        return description
    return f"{description}:backlog={socket.SOMAXCONN}"


def wordsOf(description: str) -> list[str]:
    """
    Split an endpoint's description into its kind and its arguments, which keep their backslashes.
    """
    return _SEPARATOR.split(description)
