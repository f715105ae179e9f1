"""
Finds a request's peer behind proxies: reads C{X-Forwarded-*} and C{Forwarded} as far as the proxies are trusted.

Each proxy appends what it saw, so our proxies' entries are the last ones: any client may have written those before them.
The two forms aren't mixed.  Most proxies write C{X-Forwarded-*} and pass on a C{Forwarded} of the peer's as it came, so any
header of the first form makes the second one count for nothing.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from twisted.internet.interfaces import IAddress, ISSLTransport

from ratchet_tx.wire.ipaddresses import isAddress, isPublic

#: A host with perhaps a port: an IPv6 address stands in brackets, and a port may be hidden (RFC 7239 section 6).
_NODE = re.compile(r"(?:\[([^][]+)\]|([^][:]+))(?::(?:([0-9]{1,5})|_[A-Za-z0-9._-]+))?")

#: One proxy's words in a C{Forwarded} header (RFC 7239 section 4); values without quotes may have more in them than tokens
#: may, since many proxies leave the quotes out.
_PAIR = r"""[!#$%&'*+.^_`|~0-9A-Za-z-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s,;"]*)"""
_ELEMENT = re.compile(rf"{_PAIR}(?:\s*;\s*{_PAIR})*\s*;?")
_PAIRS = re.compile(r"""([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,;"]*)""")

#: How many commas one element may have within quotes; the values that have any (a host) have one at most.
_QUOTED_COMMAS = 8

_SECURE = ("https", "wss")


class Asker(NamedTuple):
    """
    The peer of a request, and the Host that it asks for.

    @ivar address: the peer's IP address
    @ivar secure: whether it came over TLS
    @ivar host: the Host that it asked for
    """

    address: str
    secure: bool
    host: str


def askerAt(transport: Any, headers: Mapping[str, str]) -> Asker:
    """
    Say who asks, by the socket and the Host alone.
    """
    return Asker(addressOf(transport), ISSLTransport.providedBy(transport), headers.get("host", ""))


def addressOf(transport: Any) -> str:
    """
    Name a peer by its IP address; C{unix} behind a UNIX socket, and C{unknown} where a proxy's protocol tells no address.
    """
    return hostOf(transport.getPeer())


def hostOf(peer: IAddress) -> str:
    """
    Take the IP address out of a peer's address, as L{addressOf} does.
    """
    host = str(getattr(peer, "host", "unix"))
    return host if host == "unix" or isAddress(host) else "unknown"


Doubt = Callable[[str, str], None]


def _nothing(why: str, entry: str) -> None:
    pass


def readForwarded(asker: Asker, headers: Mapping[str, str], hops: int, doubt: Doubt = _nothing) -> Asker:
    """
    Replace what the socket says by what trusted proxies say.

    @param asker: as the socket and the request tell it
    @param headers: the request's, their names in lower case; of several of one name the values are joined by commas
    @param hops: how many proxies are trusted; 0 for none, so that their headers don't count
    @param doubt: is told where the peer can't be told from the proxy, or two headers disagree on it: why (C{untrusted},
        C{missing}, C{unreadable}, C{both}), and the entry that says so
    """
    if not hops:
        if "x-forwarded-for" in headers and not isPublic(asker.address):
            doubt("untrusted", headers["x-forwarded-for"])
        return asker
    standard = _lastElements(headers.get("forwarded", ""), hops)
    said = {name: entry for name in _CLASSIC if (entry := _counted(headers, f"x-forwarded-{name}", hops)) is not None}
    if not said:
        said = standard
    elif standard.get("for") and addressIn(standard["for"]) != addressIn(said.get("for", "")):
        doubt("both", headers["forwarded"])
    address = _whom(said.get("for"), doubt) or asker.address
    secure = said["proto"].lower() in _SECURE if said.get("proto") else asker.secure
    return Asker(address, secure, _withPort(said.get("host") or asker.host, said.get("port", ""), secure))


#: The facts that headers of the first form tell, by the ends of their names.
_CLASSIC = ("for", "proto", "host", "port")


def _counted(headers: Mapping[str, str], name: str, hops: int) -> str | None:
    """
    Take what the outermost trusted proxy said; the first entry where there are less of them than proxies.

    @return: None where the header isn't there or is blank
    """
    value = headers.get(name, "").strip()
    if not value:
        return None
    entries = value.rsplit(",", hops)
    return entries[-hops if len(entries) > hops else 0].strip()


def _lastElements(value: str, hops: int) -> dict[str, str]:
    """
    Take what the outermost trusted proxy said in a C{Forwarded} header.

    It is read from its end, because a peer that leaves a quote open would take in what the proxies append.

    @return: the values by their names in lower case, without their quotes; where it can't be read, all of it as C{for}
    """
    rest = value.strip()
    element = ""
    for _ in range(hops):
        if not rest:
            break
        found = _lastElement(rest)
        if found is None:
            return {"for": rest}
        rest, element = found
    pairs: dict[str, str] = {}
    for name, text in _PAIRS.findall(element):
        pairs.setdefault(name.lower(), _unquoted(text))
    return pairs


def _lastElement(text: str) -> tuple[str, str] | None:
    """
    Split the shortest good element off the end.

    @return: what stands before it, and the element; None where there is none
    """
    comma = len(text)
    for _ in range(_QUOTED_COMMAS):
        comma = text.rfind(",", 0, comma)
        element = text[comma + 1 :].strip()
        if _ELEMENT.fullmatch(element):
            return text[: max(comma, 0)].strip(), element
        if comma < 0:
            break
    return None


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if len(text) > 1 and text[0] == text[-1] == '"' else text


def _whom(entry: str | None, doubt: Doubt) -> str | None:
    address = None if entry is None else addressIn(entry)
    if address is None:
        doubt("missing" if entry is None else "unreadable", entry or "")
    return address


def addressIn(entry: str) -> str | None:
    """
    Read the address of a proxy's entry (RFC 7239 section 6): C{192.0.2.7}, C{192.0.2.7:51234}, C{2001:db8::6},
    C{[2001:db8::6]}, C{[2001:db8::6]:443}, in quotes or not.

    @return: the address alone; None for whatever else, as for C{unknown} and a hidden C{_name}
    """
    text = _unquoted(entry.strip()).strip()
    if isAddress(text):
        return text
    found = _NODE.fullmatch(text)
    if found is None or int(found[3] or 0) > 65535:
        return None
    address = found[1] or found[2]
    # Only an IPv6 address stands in brackets, and only an IPv4 one without them before a port.
    return address if isAddress(address) and (":" in address) == bool(found[1]) else None


def _withPort(host: str, port: str, secure: bool) -> str:
    """
    Give a host that has no port the one that the peer came to, which some proxies say apart (C{X-Forwarded-Port}).

    The port of the other scheme (80 for https) is that of a proxy further in, and says nothing.
    """
    found = _NODE.fullmatch(host)
    isPort = port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65536
    if not isPort or port == ("80" if secure else "443") or found is None or found[3]:
        return host
    return f"{host}:{port}"
