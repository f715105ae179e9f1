"""
Answers clients that offer protocols over TLS (ALPN, RFC 7301): our ports speak C{http/1.1}.
"""

from twisted.copyright import version

#: Since this version Twisted answers every client that asks, by what a factory names, and fails the handshake where it names
#: nothing.  Earlier ones answer only where a factory names something, and change a TLS context for it that is in use, which
#: pyOpenSSL refuses since 26.0.
_ALWAYS_ANSWERS = (26, 4)


def acceptableProtocols() -> list[bytes]:
    """
    Name HTTP/1.1 alone: a WebSocket takes a connection over, which HTTP/2 has no way for.

    @return: what C{IProtocolNegotiationFactory.acceptableProtocols} is to give; nothing where Twisted doesn't need it
    """
    year, release = version.split(".")[:2]
    return [b"http/1.1"] if (int(year), int(release)) >= _ALWAYS_ANSWERS else []
