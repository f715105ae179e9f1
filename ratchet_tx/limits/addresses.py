"""
Counts connections by IP address, and says when an address has reached its limit.

An address is counted by what one subscriber has: an IPv4 address, or the /64 of an IPv6 address, out of which anybody takes
as many addresses as they like (RFC 6177, RFC 8981).
"""

from collections import Counter

from ratchet_tx.wire.ipaddresses import counted, isPublic


class Addresses:
    """
    The addresses of the connections of one node, counted as L{counted} says.

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

        @param stranger: whether it has still to log in
        """
        return not self.reached(address, stranger)

    def reached(self, address: str, stranger: bool) -> str:
        """
        Name the limit by which nobody else may come from an address; blank where one more may.

        @param stranger: whether it has still to log in
        """
        if not self._everywhere and not isPublic(address):
            return ""
        subscriber = counted(address)
        if 0 < self._most <= self._connections[subscriber]:
            return "connectionsPerAddress"
        return "strangersPerAddress" if stranger and 0 < self._mostStrangers <= self._strangers[subscriber] else ""

    def add(self, address: str, stranger: bool) -> None:
        """
        Count one more.
        """
        subscriber = counted(address)
        self._connections[subscriber] += 1
        if stranger:
            self._strangers[subscriber] += 1

    def know(self, address: str) -> None:
        """
        Count one less as a stranger.
        """
        _lessen(self._strangers, counted(address))

    def remove(self, address: str, stranger: bool) -> None:
        """
        Count one less.
        """
        _lessen(self._connections, counted(address))
        if stranger:
            self.know(address)


def _lessen(counter: Counter[str], subscriber: str) -> None:
    counter[subscriber] -= 1
    if not counter[subscriber]:
        del counter[subscriber]
