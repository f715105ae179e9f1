"""
Which web pages may connect: the Origin of a handshake against ours and those that the operator allows.

A browser tells truly which page wants to connect (RFC 6455 section 10.2), and doesn't stop it itself: without this check
every page that a user visits could speak in the user's name.
It knows nothing of sockets.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from ratchet_tx.errors import UsageError

#: A name or an address, as browsers write it; patterns aren't understood, so that nobody takes them for such.
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+", re.ASCII)

_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]


def parseOrigin(text: str) -> Origin | None:
    """
    Read a web origin (RFC 6454 section 6.2).

    @return: scheme, host and port, in lower case and with the scheme's own port where none is said; None where it isn't
        one, as with C{null}
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme, parts.hostname or ""
    if scheme not in _PORTS or text != f"{scheme}://{parts.netloc}" or "@" in text or not _HOST.fullmatch(host):
        return None
    return scheme, host, _PORTS[scheme] if port is None else port


class Origins:
    """
    The origins whose pages may connect.

    @param allowed: web origins such as C{https://example.org:8443}, or C{*} for all
    @raise UsageError: for what isn't a web origin
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        texts = list(allowed)
        self.all = "*" in texts
        self._allowed = {self._parse(text) for text in texts if text != "*"}

    @staticmethod
    def _parse(text: str) -> Origin:
        origin = parseOrigin(text)
        if origin is None:
            raise UsageError(f"origin: {text!r} isn't a web origin such as https://example.org or http://localhost:3000")
        return origin

    def permit(self, origin: str | None, host: str, secure: bool) -> bool:
        """
        Decide whether a page may connect: one of our own, exact in scheme, host and port, or one that is allowed.

        @param origin: the Origin header; None for who sends none, who isn't a browser
        @param host: the Host header, which says where the browser believes to be
        @param secure: whether the peer came over TLS
        """
        if origin is None or self.all:
            return True
        parsed = parseOrigin(origin)
        if parsed is None:
            return False
        return parsed in self._allowed or parsed == parseOrigin(f"{'https' if secure else 'http'}://{host}")
