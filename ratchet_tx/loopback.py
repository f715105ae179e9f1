"""
Where to listen for those on this machine only: descriptions of endpoints that are reached from elsewhere only on request.
"""

import re

from ratchet_tx.errors import UsageError

#: The kinds that listen everywhere unless they are told an interface, and which one keeps them here.
_HERE = {"tcp": "127.0.0.1", "ssl": "127.0.0.1", "tcp6": r"\:\:1", "tls": r"\:\:1"}

#: The kinds that others have seen to.
_ELSEWHERE = ("unix", "systemd")

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
