"""
Who asks, where proxies stand before us: what they say of the peer, as far as they are trusted; it knows nothing of sockets.
"""

from collections.abc import Mapping
from typing import NamedTuple

from ratchet_tx.addresses import isAddress


class Asker(NamedTuple):
    """
    Who asks, and what for.

    @ivar address: the peer's IP address
    @ivar secure: whether it came over TLS
    @ivar host: the Host that it asked for
    """

    address: str
    secure: bool
    host: str


def readForwarded(asker: Asker, headers: Mapping[str, str], hops: int) -> Asker:
    """
    Believe what proxies say.

    Each appends to C{X-Forwarded-For} whom it speaks for, so the entries of ours are the last ones: what stands before
    them, anybody may have written.
    The others, C{X-Forwarded-Proto} and C{X-Forwarded-Host}, are appended to by some proxies and overwritten by most.

    @param asker: as the socket and the request tell it
    @param headers: the request's, their names in lower case
    @param hops: how many proxies there are; 0 for none, whose headers are nobody's
    """
    if not hops:
        return asker
    address = _said(headers, "x-forwarded-for", hops)
    protocol = _said(headers, "x-forwarded-proto", hops)
    host = _said(headers, "x-forwarded-host", hops)
    return Asker(
        address if address is not None and isAddress(address) else asker.address,
        asker.secure if protocol is None else protocol.lower() in ("https", "wss"),
        asker.host if host is None else host,
    )


def _said(headers: Mapping[str, str], name: str, hops: int) -> str | None:
    """
    Take what the outermost trusted proxy said; the first entry where there are less of them than proxies.
    """
    entries = [entry.strip() for entry in headers.get(name, "").split(",")]
    entry = entries[max(0, len(entries) - hops)]
    return entry or None
