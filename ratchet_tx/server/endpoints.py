"""
Completes the descriptions of endpoints: this machine only, and how many may wait to be accepted.
"""

import re
import socket

from ratchet_tx.errors import UsageError

#: The kinds that listen everywhere unless they are told an interface, and which one keeps them here.
_HERE = {"tcp": "127.0.0.1", "ssl": "127.0.0.1", "tcp6": r"\:\:1", "tls": r"\:\:1"}

#: The kinds that others have seen to.
_ELSEWHERE = ("unix", "systemd")

#: How many arguments may stand before the backlog without a name.
_BEFORE_BACKLOG = {"tcp": 2, "tcp6": 1, "tls": 2, "ssl": 5, "unix": 2}

_INTERFACE = re.compile(r"(?<!\\):interface=")


def stayingHere(description: str) -> str:
    """
    Complete the description of an endpoint by the interface of this machine alone, where none is said.

    @param description: as Twisted has them, such as C{tcp:9000} or C{unix:/run/admin}; or a port alone
    @raise UsageError: for kinds of which it isn't known where they listen
    """
    if description.isdigit():
        description = f"tcp:{description}"
    kind = description.partition(":")[0].lower()
    if kind in _ELSEWHERE or (kind in _HERE and _INTERFACE.search(description)):
        return description
    if kind not in _HERE:
        kinds = ", ".join([*_HERE, *_ELSEWHERE])
        raise UsageError(f"admin-listen: {description!r} is neither a port nor one of {kinds}")
    return f"{description}:interface={_HERE[kind]}"


def queueing(description: str) -> str:
    """
    Complete the description of an endpoint by a backlog as long as the system admits, where none is said.

    Twisted's own is 50: of thousands who come again at once, most would be dropped by the system, and try again after
    seconds.  What is above the system's limit, such as Linux' C{net.core.somaxconn}, it cuts down by itself.

    @param description: as Twisted has them; one of a kind that has no backlog stays as it is
    """
    kind, *arguments = re.split(r"(?<!\\):", description)
    unnamed = [argument for argument in arguments if not re.search(r"(?<!\\)=", argument)]
    if len(unnamed) > _BEFORE_BACKLOG.get(kind.lower(), -1) or any(each.startswith("backlog=") for each in arguments):
        return description
    return f"{description}:backlog={socket.SOMAXCONN}"
