"""
The HTTP request that opened a connection, as applications see it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlencode

from zope.interface import implementer

from ratchet_tx.interfaces import IRequest
from ratchet_tx.monitoring.printable import printable

#: What was parsed is kept, up to this many characters and fields, so that it isn't parsed again.
_SHORT, _FEW = 2048, 64

#: How many bytes of memory a request takes beside its text.
_BESIDE = 300

#: What stands between headers: no header has it in it (RFC 9110 section 5.5).
_END = "\0"


@implementer(IRequest)
class Request:
    """
    A handshake's request: it can't be changed, and its repr shows only the path.

    It is kept as text, and parsed when an application asks for it: parsed, a long query takes thirty times as much memory.

    @param target: its path, and perhaps its query
    @param query: the query's fields, where they don't stand in the target
    @param headers: its headers, by names in any case
    @ivar size: about how many bytes of memory it takes
    """

    __slots__ = ("_head", "_known", "_target")

    def __init__(
        self, target: str = "/", query: Mapping[str, Sequence[str]] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self._target = f"{target}?{urlencode(query, doseq=True)}" if query else target
        pairs: Iterable[tuple[str, str]] = (headers or {}).items()
        text = _END.join(f"{name.lower()}{_END}{value}" for name, value in pairs)
        self._head = text.encode("utf-8", "surrogatepass")
        self._known: dict[str, Mapping[str, Any]] | None = None

    @property
    def size(self) -> int:
        return _BESIDE + len(self._target) + len(self._head)

    @property
    def path(self) -> str:
        return self._target.partition("?")[0]

    @property
    def query(self) -> Mapping[str, Sequence[str]]:
        return self._read("query", self._target.partition("?")[2], parseQuery)

    @property
    def headers(self) -> Mapping[str, str]:
        return self._read("headers", self._head.decode("utf-8", "surrogatepass"), _parseHeaders)

    @property
    def cookies(self) -> Mapping[str, str]:
        return self._read("cookies", self.headers.get("cookie", ""), parseCookies)

    def _read(self, name: str, text: str, parse: Callable[[str], Mapping[str, Any]]) -> Mapping[str, Any]:
        if self._known is not None and name in self._known:
            return self._known[name]
        found = MappingProxyType(parse(text))
        if len(text) <= _SHORT and len(found) <= _FEW:
            self._known = {**(self._known or {}), name: found}
        return found

    def __repr__(self) -> str:
        return f"<Request {printable(self.path)}>"


def _parseHeaders(text: str) -> dict[str, str]:
    parts = text.split(_END) if text else []
    return dict(zip(parts[::2], parts[1::2], strict=True))


def parseQuery(query: str) -> dict[str, Sequence[str]]:
    """
    Read a query: its fields by name, each with all that it says.
    """
    return {name: tuple(values) for name, values in parse_qs(query, keep_blank_values=True).items()}


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
