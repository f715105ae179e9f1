"""
Reads IP addresses, and says which are public, and which count as one subscriber.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

#: What follows the C{%} in a link-local address (RFC 4007 section 11): an interface's name or number.
_SCOPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")

#: IPv4 addresses as a translator writes them (RFC 6052 section 2.1).
_TRANSLATED = IPv6Network("64:ff9b::/96")


@lru_cache(maxsize=4096)
def subscriberOf(address: str) -> str:
    """
    Map an address to the key by which it is counted, so that one subscriber counts as one.

    @param address: an IP address; any other text (a UNIX socket's peer) is its own key
    @return: the IPv4 address, also of one that is mapped or translated to IPv6 (C{::ffff:1.2.3.4}, C{64:ff9b::1.2.3.4}); the
        /64 network of another IPv6 address
    """
    parsed = parseAddress(address)
    if not isinstance(parsed, IPv6Address):
        return address if parsed is None else str(parsed)
    return str(ip_network((int(parsed) >> 64 << 64, 64)))


@lru_cache(maxsize=4096)
def isPublic(address: str) -> bool:
    """
    Say whether a text is a public IP address.
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
    @return: the address, as IPv4 if it is one that is mapped or translated to IPv6; None for any other text
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
