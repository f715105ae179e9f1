"""
How many connections there are from each address; it knows no connection.
"""

from collections import Counter
from functools import lru_cache
from ipaddress import ip_address


class Addresses:
    """
    The addresses of the connections of one node.

    @param most: how many connections there may be from one address; 0 for any number
    @param mostStrangers: how many of them may be of somebody who hasn't logged in
    @param everywhere: whether the limits count for loopback and private addresses too, behind which there may be a proxy
        that speaks for many
    """

    def __init__(self, most: int, mostStrangers: int, everywhere: bool) -> None:
        self._most = most
        self._mostStrangers = mostStrangers
        self._everywhere = everywhere
        self._connections: Counter[str] = Counter()
        self._strangers: Counter[str] = Counter()

    def permit(self, address: str, stranger: bool) -> bool:
        """
        Decide whether one more may come from an address.

        @param stranger: whether he has still to log in
        """
        if not self._everywhere and not isPublic(address):
            return True
        if 0 < self._most <= self._connections[address]:
            return False
        return not (stranger and 0 < self._mostStrangers <= self._strangers[address])

    def add(self, address: str, stranger: bool) -> None:
        """
        Count one who came.
        """
        self._connections[address] += 1
        if stranger:
            self._strangers[address] += 1

    def know(self, address: str) -> None:
        """
        Count one less as a stranger.
        """
        _lessen(self._strangers, address)

    def remove(self, address: str, stranger: bool) -> None:
        """
        Count one less.
        """
        _lessen(self._connections, address)
        if stranger:
            self.know(address)


def _lessen(counter: Counter[str], address: str) -> None:
    counter[address] -= 1
    if not counter[address]:
        del counter[address]


@lru_cache(maxsize=4096)
def isPublic(address: str) -> bool:
    """
    Say whether an address is one of the internet's; what is no IP address (a UNIX socket's peer) is not.
    """
    return isAddress(address) and not ip_address(address).is_private


def isAddress(text: str) -> bool:
    """
    Say whether a text is an IP address.
    """
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
