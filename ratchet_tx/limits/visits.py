"""
Counts the connections that are no sockets: those before the end of their TLS handshake or head, and those for pages.

They are counted from the moment in which they are accepted; it knows no connection.
"""

from collections.abc import Callable

from ratchet_tx.limits.addresses import Addresses
from ratchet_tx.settings import Limits


class Visits:
    """
    The visits at all ports of one factory.

    @param limits: of which C{pagesPerAddress} and C{connections} count
    @param everywhere: whether the former counts for loopback and private addresses too
    @param sockets: says how many sockets there are, which count in C{connections}
    """

    def __init__(self, limits: Limits, everywhere: bool, sockets: Callable[[], int]) -> None:
        self._limits = limits
        self._sockets = sockets
        self._addresses = Addresses(limits.pagesPerAddress, 0, everywhere)
        # What is between a limit and a tenth above it is told why it is refused, which over TLS takes a handshake.
        most = limits.pagesPerAddress
        self._refused = Addresses(max(1, most // 10) if most else 0, 0, everywhere)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def enter(self, address: str) -> "Visit":
        """
        Count one more.

        @param address: its IP address, as the socket tells it
        @return: the visit, which is to be ended by L{Visit.leave}
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
        Say in the log's words by which limit a visit may not stay.
        """
        return f"limit={limit} of={getattr(self._limits, limit)}"

    def counted(self, more: int) -> None:
        """
        Change how many there are; for visits.
        """
        self._count += more


class Visit:
    """
    One connection that is no socket.

    @ivar refused: by which limit it may not stay, in the log's words; blank where it may
    @ivar isFar: whether there are so many above the limit that there is no time to tell it
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
        Count it for the address for which a trusted proxy says that it speaks.

        @return: whether it may not stay there, as C{refused}
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
        Count it no more; nothing happens the second time.
        """
        if self._visits is not None:
            self._addresses.remove(self._address, stranger=False)
            self._visits.counted(-1)
            self._visits = None
