"""
The HTTP request that opened a connection, as applications see it; it knows nothing of sockets.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from zope.interface import implementer

from ratchet_tx.interfaces import IRequest


@implementer(IRequest)
class Request:
    """
    A handshake's request; what it says can't be changed, and its repr shows only the path.
    """

    __slots__ = ("_cookies", "_headers", "_path", "_query")

    def __init__(
        self, path: str = "/", query: Mapping[str, Sequence[str]] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self._path = path
        self._query = MappingProxyType({name: tuple(values) for name, values in (query or {}).items()})
        self._headers = MappingProxyType({name.lower(): value for name, value in (headers or {}).items()})
        self._cookies: Mapping[str, str] | None = None

    @property
    def path(self) -> str:
        return self._path

    @property
    def query(self) -> Mapping[str, Sequence[str]]:
        return self._query

    @property
    def headers(self) -> Mapping[str, str]:
        return self._headers

    @property
    def cookies(self) -> Mapping[str, str]:
        # Made when asked for, since most applications don't ask.
        if self._cookies is None:
            self._cookies = MappingProxyType(parseCookies(self._headers.get("cookie", "")))
        return self._cookies

    def __repr__(self) -> str:
        return f"<Request {self._path}>"


def parseCookies(header: str) -> dict[str, str]:
    """
    Read a Cookie header leniently, as servers have to (RFC 6265 section 5.4 says what browsers send).

    C{http.cookies} isn't used: it drops every cookie of a header in which one has an unusual name.

    @return: values by name; the first counts where a name stands twice, since browsers send the most specific one first
    """
    cookies: dict[str, str] = {}
    for pair in header.split(";"):
        name, separator, value = pair.partition("=")
        if separator:
            # Of blanks HTTP knows two; others are characters of a name.
            cookies.setdefault(name.strip(" \t"), value.strip(" \t").strip('"'))
    return cookies
