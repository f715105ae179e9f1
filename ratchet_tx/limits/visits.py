"""
Counts and limits the connections that are not WebSockets (yet): in a TLS handshake, sending a request head, fetching pages.

A connection is counted from the moment when it is accepted.
"""

from collections.abc import Callable

from ratchet_tx.limits.addresses import Addresses
from ratchet_tx.settings import Limits


class Visits:
    """
    The visits at all ports of one factory.

    @param limits: C{pagesPerAddress} and C{connections} of them hold here
    @param everywhere: whether C{pagesPerAddress} holds for loopback and private addresses too
    @param sockets: says how many WebSockets there are, which count in C{connections} too
    """

    def __init__(self, limits: Limits, everywhere: bool, sockets: Callable[[], int]) -> None:
        self._limits = limits
        self._sockets = sockets
        self._addresses = Addresses(limits.pagesPerAddress, 0, everywhere)
        # Up to a tenth above the limit a visit is told why it is refused, which costs a handshake over TLS.
        most = limits.pagesPerAddress
        self._refused = Addresses(max(1, most // 10) if most else 0, 0, everywhere)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def enter(self, address: str) -> "Visit":
        """
        Count a new connection.

        @param address: its IP address, as the socket tells it
        @return: the visit; end it by L{Visit.leave}
        """
        total = self._sockets() + self._count
        limit = self._limits.connections
        if 0 < limit <= total:
            return self._refuse(address, "connections", total >= limit + max(1, limit // 10))
        if self._addresses.reached(address, stranger=False):
            return self._refuse(address, "pagesPerAddress", bool(self._refused.reached(address, stranger=False)))
        return Visit(self, address, self._addresses)

    def _refuse(self, address: str, limit: str, isFar: bool) -> "Visit":
        return Visit(self, address, self._refused, self.why(limit), isFar)

    def why(self, limit: str) -> str:
        """
        Describe a limit for the log, as C{limit=NAME of=VALUE}.
        """
        return f"limit={limit} of={getattr(self._limits, limit)}"

    def counted(self, more: int) -> None:
        """
        Change the number of visits; only L{Visit} calls it.
        """
        self._count += more


class Visit:
    """
    One connection that is not a WebSocket (yet).

    @ivar refused: the limit that refuses it, as in the log; blank where it may stay
    @ivar isFar: whether there are so many above the limit that it is dropped without an answer
    """

    __slots__ = ("_address", "_addresses", "_visits", "isFar", "refused")

    def __init__(self, visits: Visits, address: str, addresses: Addresses, refused: str = "", isFar: bool = False) -> None:
        self._visits: Visits | None = visits
        self._address = address
        self._addresses = addresses
        self.refused = refused
        self.isFar = isFar
        addresses.add(address, stranger=False)
        visits.counted(1)

    def move(self, address: str) -> str:
        """
        Count it for another address: the peer's, as a trusted proxy tells it.

        @return: C{refused}
        """
        if address == self._address or self._visits is None or self.refused:
            return self.refused
        self._addresses.remove(self._address, stranger=False)
        self._address = address
        if self._addresses.reached(address, stranger=False):
            self.refused = self._visits.why("pagesPerAddress")
        self._addresses.add(address, stranger=False)
        return self.refused

    def leave(self) -> None:
        """
        Count it no longer; a second call does nothing.
        """
        if self._visits is not None:
            self._addresses.remove(self._address, stranger=False)
            self._visits.counted(-1)
            self._visits = None
