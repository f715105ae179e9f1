"""
Checks the Host of a request against the names that the operator allows.

The page of another site can have its own name lead to our address (DNS rebinding), and then is of the same origin.
But it can't ask for us by one of our names.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv6Address

import idna

from ratchet_tx.errors import UsageError

#: A name or an IPv4 address, as it stands in a Host header.
_NAME = re.compile(r"[a-z0-9._-]+", re.ASCII)


class Hosts:
    """
    The names by which we may be called.

    @param allowed: names or addresses without a port, such as C{example.org}; none for any
    @raise UsageError: for what has a port or a scheme, or isn't a name
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = {self._checked(name) for name in allowed}

    @staticmethod
    def _checked(name: str) -> str:
        host = readHost(name)
        if host is None:
            raise UsageError(f"host: {name!r} isn't a host's name without a port, such as example.org")
        return host

    def permit(self, host: str) -> bool:
        """
        Decide whether a peer may ask for a host.

        @param host: the Host header, with its port if it has one
        """
        return not self._allowed or withoutPort(host) in self._allowed


def withoutPort(host: str) -> str:
    """
    Take the port off a Host.

    @return: the name in lower case; an IPv6 address in brackets, in its shortest form
    """
    name, colon, port = host.lower().rpartition(":")
    bare = name if colon and port.isdecimal() and (":" not in name or name.endswith("]")) else host.lower()
    return _shortened(bare) or bare


def readHost(text: str) -> str | None:
    """
    Read a host's name as an operator writes it.

    @param text: a name, also one in letters of its own language, or an address; an IPv6 address with or without brackets
    @return: as browsers write it in a Host header, without a port; None where it is none
    """
    name = text.lower()
    address = _shortened(name if name.startswith("[") else f"[{name}]")
    if address is not None:
        return address
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError:
            return None
    return name if _NAME.fullmatch(name) else None


def _shortened(host: str) -> str | None:
    # Names, which nearly all are, aren't tried.
    if ":" not in host or not host.startswith("[") or not host.endswith("]"):
        return None
    try:
        return f"[{IPv6Address(host[1:-1])}]"
    except ValueError:
        return None
