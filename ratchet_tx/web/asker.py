"""
The peer of a page's request: its address, scheme and host, by the socket and by what trusted proxies say.
"""

from typing import Any

from ratchet_tx.transport.handshake.forwarded import Asker, hostOf, readForwarded

#: What decides on it.
_NAMES = ("host", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port")


def forwardedHeaders(request: Any) -> dict[str, str]:
    """
    Take the headers of a request that say who asks, and whom; of several of one name the values are joined by commas.

    @return: by their names in lower case
    """
    values = {name: request.requestHeaders.getRawHeaders(name.encode()) for name in _NAMES}
    return {name: b", ".join(found).decode("latin-1") for name, found in values.items() if found}


def askerOf(request: Any, hops: int) -> Asker:
    """
    Find out who asks for a page.

    @param request: twisted.web's
    @param hops: how many proxies are trusted
    """
    headers = forwardedHeaders(request)
    return readForwarded(Asker(peerOf(request), request.isSecure(), headers.get("host", "")), headers, hops)


def peerOf(request: Any) -> str:
    """
    Say which IP address a request's connection comes from; of a UNIX socket C{unix}.

    @param request: twisted.web's
    """
    return hostOf(request.getClientAddress())
