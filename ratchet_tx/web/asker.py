"""
Finds the peer of a page's request: its address, scheme and host, from the socket and trusted proxies' headers.
"""

from typing import Any

from ratchet_tx.transport.handshake.forwarded import Asker, hostOf, readForwarded

#: The headers that it reads.
_NAMES = ("host", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port")


def forwardedHeaders(request: Any) -> dict[str, str]:
    """
    Read the Host and the proxies' headers of a request; several values of one name are joined by commas.

    @return: the values by their names in lower case
    """
    values = {name: request.requestHeaders.getRawHeaders(name.encode()) for name in _NAMES}
    return {name: b", ".join(found).decode("latin-1") for name, found in values.items() if found}


def askerOf(request: Any, hops: int) -> Asker:
    """
    Find the peer of a page's request.

    @param request: a twisted.web request
    @param hops: how many proxies are trusted
    """
    headers = forwardedHeaders(request)
    return readForwarded(Asker(peerOf(request), request.isSecure(), headers.get("host", "")), headers, hops)


def peerOf(request: Any) -> str:
    """
    Find the IP address of a request's connection; C{unix} for a UNIX socket.

    @param request: a twisted.web request
    """
    return hostOf(request.getClientAddress())
