"""
Checks the Origin of a handshake: which web pages may connect.

A browser says truly which page wants to connect (RFC 6455 section 10.2), but lets every page try: without this check, any
page that a user visits could act in the user's name.
It knows nothing of sockets.
"""

import re
from collections.abc import Iterable

from ratchet_tx.errors import UsageError
from ratchet_tx.transport.handshake.hosts import readHost

#: A serialized origin (RFC 6454 section 6.2): a scheme (RFC 3986 section 3.1), a host, and perhaps a port.
_ORIGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^][:/?#@\\\s]+|\[[^][/?#@\\\s]+\])?(?::([0-9]{1,5}))?")

#: A host as browsers write it; patterns such as C{*.example.org} are refused.
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]", re.ASCII)

_PORTS = {"http": 80, "https": 443}

#: Some clients name the scheme of the socket, not that of a page.
_PAGES = {"ws": "http", "wss": "https"}

#: Schemes whose pages have no host: WebViews send C{file://} and C{qrc://}.
_HOSTLESS = ("file", "qrc")

#: What browsers send for a page without an origin of its own: from a file, or in a sandboxed frame (RFC 6454 section 7.1).
NULL = "null"

Origin = tuple[str, str, int | None]


def parseOrigin(text: str) -> Origin | None:
    """
    Read an origin: that of a web page, or of an app's own scheme, such as C{capacitor://localhost}.

    @return: scheme (C{http} for C{ws}, C{https} for C{wss}), host and port, in lower case and with the scheme's own port
        where none is said; None where it isn't one, as with C{null}
    """
    found = _ORIGIN.fullmatch(text)
    if found is None:
        return None
    scheme, host = found[1].lower(), (found[2] or "").lower()
    scheme = _PAGES.get(scheme, scheme)
    port = _PORTS.get(scheme) if found[3] is None else int(found[3])
    if not host and port is None and scheme in _HOSTLESS:
        return scheme, "", None
    name = readHost(host) if _HOST.fullmatch(host) else None
    if name is None or (port is not None and port > 65535):
        return None
    return scheme, name.strip("[]"), port


def writeOrigin(origin: Origin) -> str:
    """
    Write an origin as an operator may allow it.
    """
    scheme, host, port = origin
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" + ("" if port in (None, _PORTS.get(scheme)) else f":{port}")


class Origins:
    """
    The origins whose pages may connect.

    @param allowed: origins such as C{https://example.org:8443} or C{capacitor://localhost}; C{null} for pages that have
        none, or C{*} for all
    @raise UsageError: for what isn't an origin
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        texts = list(allowed)
        self.all = "*" in texts
        self._null = NULL in texts
        self._allowed = {self._parse(text) for text in texts if text not in ("*", NULL)}

    @staticmethod
    def _parse(text: str) -> Origin:
        origin = parseOrigin(_withPunycode(text))
        if origin is None:
            raise UsageError(
                f"origin: {text!r} isn't a web origin such as https://example.org or capacitor://localhost: "
                "a scheme, a host and perhaps a port, without a path or a slash at its end; or null, or *"
            )
        return origin

    def permit(self, origin: str | None, host: str, secure: bool) -> bool:
        """
        Decide whether a page may connect: one of our own, exact in scheme, host and port, or one that is allowed.

        @param origin: the Origin header; None where there is none, which isn't a browser
        @param host: the Host header, which says where the browser believes to be
        @param secure: whether the peer came over TLS
        """
        if origin is None or self.all:
            return True
        if origin == NULL:
            return self._null
        parsed = parseOrigin(origin)
        if parsed is None:
            return False
        return parsed in self._allowed or parsed == originOf(host, secure)


def originOf(host: str, secure: bool) -> Origin | None:
    """
    Say which origin our own pages have for a peer that asks for a Host.
    """
    return parseOrigin(f"{'https' if secure else 'http'}://{host}")


def _withPunycode(text: str) -> str:
    """
    Write a host in letters of its own language as browsers do (RFC 3492).
    """
    found = None if text.isascii() else _ORIGIN.fullmatch(text)
    if found is None or found[2] is None:
        return text
    host = readHost(found[2])
    return text if host is None else text[: found.start(2)] + host + text[found.end(2) :]
