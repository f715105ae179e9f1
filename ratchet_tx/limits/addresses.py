"""
Counts connections by IP address, and says when an address has reached its limit.

An IPv4 address counts by itself. An IPv6 address counts as its /64, because one subscriber may use any address in a /64
(RFC 6177, RFC 8981).
"""

from collections import Counter

from ratchet_tx.wire.ipaddresses import isPublic, subscriberOf


class Addresses:
    """
    The number of connections from each address.

    @param most: how many connections one address may have; 0 for any number
    @param mostStrangers: how many of them may be strangers, which have not logged in; 0 for any number
    @param everywhere: whether the limits hold for loopback and private addresses too; a proxy may forward many peers from
        one of them
    """

    def __init__(self, most: int, mostStrangers: int, everywhere: bool) -> None:
        self._most = most
        self._mostStrangers = mostStrangers
        self._everywhere = everywhere
        self._connections: Counter[str] = Counter()
        self._strangers: Counter[str] = Counter()

    def reached(self, address: str, stranger: bool) -> str:
        """
        Name the limit that an address has reached; blank where it may have one more connection.

        @param stranger: whether the connection still has to log in
        """
        if not self._everywhere and not isPublic(address):
            return ""
        subscriber = subscriberOf(address)
        if 0 < self._most <= self._connections[subscriber]:
            return "connectionsPerAddress"
        return "strangersPerAddress" if stranger and 0 < self._mostStrangers <= self._strangers[subscriber] else ""

    def add(self, address: str, stranger: bool) -> None:
        """
        Count one more connection.
        """
        subscriber = subscriberOf(address)
        self._connections[subscriber] += 1
        if stranger:
            self._strangers[subscriber] += 1

    def loggedIn(self, address: str) -> None:
        """
        Count one stranger less: it has logged in.
        """
        _lessen(self._strangers, subscriberOf(address))

    def remove(self, address: str, stranger: bool) -> None:
        """
        Count one connection less.
        """
        _lessen(self._connections, subscriberOf(address))
        if stranger:
            self.loggedIn(address)


def _lessen(counter: Counter[str], subscriber: str) -> None:
    counter[subscriber] -= 1
    if not counter[subscriber]:
        del counter[subscriber]
