"""
By which names we may be called: the Host of a request against those that the operator allows; it knows nothing of sockets.

A page of somebody else's can have its own name lead to our address (DNS rebinding), and is of the same origin then.
What it can't do is to ask for us by a name of ours.
"""

from collections.abc import Iterable

from ratchet_tx.errors import UsageError


class Hosts:
    """
    The names by which we may be called.

    @param allowed: names or addresses without a port, such as C{example.org}; none for any
    @raise UsageError: for what has a port or a scheme
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = {self._checked(name) for name in allowed}

    @staticmethod
    def _checked(name: str) -> str:
        if not name or "/" in name or _withoutPort(name) != name.lower():
            raise UsageError(f"host: {name!r} isn't a host's name without a port, such as example.org")
        return name.lower()

    def permit(self, host: str) -> bool:
        """
        Decide whether somebody may ask for a host.

        @param host: the Host header, with its port if it has one
        """
        return not self._allowed or _withoutPort(host) in self._allowed


def _withoutPort(host: str) -> str:
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdecimal() and (":" not in name or name.endswith("]")) else host.lower()
