"""
Reads IP addresses, and says which of them belong to one subscriber and which are public.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

#: What stands behind the C{%} of a link-local address (RFC 4007 section 11): the name of an interface, or its number.
_SCOPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")

#: IPv4 addresses as a translator writes them (RFC 6052 section 2.1).
_TRANSLATED = IPv6Network("64:ff9b::/96")


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
