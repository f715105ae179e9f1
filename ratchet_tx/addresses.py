"""
IP addresses: which are whose, and how many connections there are from each; it knows no connection.

An address is counted by what one subscriber has: an IPv4 address, or the /64 of an IPv6 address, out of which anybody takes
as many addresses as they like (RFC 6177, RFC 8981).
"""

import re
from collections import Counter
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

#: What stands behind the C{%} of a link-local address (RFC 4007 section 11): the name of an interface, or its number.
_SCOPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")

#: IPv4 addresses as a translator writes them (RFC 6052 section 2.1).
_TRANSLATED = IPv6Network("64:ff9b::/96")


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


@lru_cache(maxsize=4096)
def counted(address: str) -> str:
    """
    Say by what an address is counted, so that one subscriber counts as one.

    @param address: an IP address; whatever isn't one (a UNIX socket's peer) counts by itself
    @return: an IPv4 address, also where it is mapped into IPv6 or translated (C{::ffff:1.2.3.4}, C{64:ff9b::1.2.3.4}), or
        the network of 64 bits that an IPv6 address is of
    """
    parsed = parseAddress(address)
    if not isinstance(parsed, IPv6Address):
        return address if parsed is None else str(parsed)
    return str(ip_network((int(parsed) >> 64 << 64, 64)))


@lru_cache(maxsize=4096)
def isPublic(address: str) -> bool:
    """
    Say whether an address is one of the internet's; what is no IP address (a UNIX socket's peer) is not.
    """
    parsed = parseAddress(address)
    return parsed is not None and not parsed.is_private


def isAddress(text: str) -> bool:
    """
    Say whether a text is an IP address.
    """
    return parseAddress(text) is not None


@lru_cache(maxsize=4096)
def parseAddress(text: str) -> IPv4Address | IPv6Address | None:
    """
    Read an IP address.

    @param text: as the system or a proxy writes it, without brackets or a port; a link-local one may name its interface
    @return: the address, as IPv4 where it is such a one in the guise of IPv6; None for whatever else
    """
    bare, percent, scope = text.partition("%")
    try:
        parsed = ip_address(bare)
    except ValueError:
        return None
    if percent and not (parsed.version == 6 and parsed.is_link_local and _SCOPE.fullmatch(scope)):
        return None
    if isinstance(parsed, IPv4Address):
        return parsed
    if parsed in _TRANSLATED:
        return IPv4Address(int(parsed) & 0xFFFFFFFF)
    return parsed.ipv4_mapped or parsed
