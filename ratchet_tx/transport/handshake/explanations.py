"""
Explains, for the log, why a handshake is refused: what was compared, and the option that would allow it.

What the peer chose is escaped and bounded; C{docs/proxies.rst} has a table of what each line means.
"""

from collections.abc import Mapping
from ipaddress import ip_address

from ratchet_tx.monitoring.printable import printable
from ratchet_tx.transport.handshake.forwarded import Asker, readForwarded
from ratchet_tx.transport.handshake.hosts import readHost, withoutPort
from ratchet_tx.transport.handshake.origins import NULL, Origin, Origins, originOf, parseOrigin, writeOrigin

#: How many proxies are tried, to find out whether their headers would help if they were trusted.
_MOST_HOPS = 4

#: How much of a text is shown: a host's name has 253 characters at most (RFC 1035 section 2.3.4).
_LONGEST = 300

#: What proxies say of a request, as far as it decides on an origin or a host.
_FORWARDED = ("x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "forwarded")


def explainOrigin(headers: Mapping[str, str], socket: Asker, hops: int, origins: Origins) -> str:
    """
    Explain a 403.

    @param headers: the request's, their names in lower case
    @param socket: who asks, as the socket and the request tell it
    @param hops: how many proxies are trusted
    @param origins: those that may connect
    @return: C{key=value} pairs: C{origin}; C{own}, the origin of our own pages as we saw it, by scheme and host; the headers
        C{host} and C{x-forwarded-*}; C{trusted}, how many proxies are; C{option}, which would let it in; perhaps C{or},
        another one; and perhaps C{hint}, what is to be set in the proxy
    """
    text = headers.get("origin", "")
    seen = readForwarded(socket, headers, hops)
    origin, own = parseOrigin(text), originOf(seen.host, seen.secure)
    facts = [_fact("origin", text), _fact("own", f"{'https' if seen.secure else 'http'}://{seen.host}")]
    options = _options(text, origin, headers, socket, hops, origins)
    facts += [*_forwarded(headers), f"trusted={hops}", *options]
    # Not anywhere in it: the peer's own Origin stands there, too.
    if options[0].startswith('option="--trust-forwarded '):
        hints = ["what the proxy says isn't trusted: the option says how many proxies are there"]
    else:
        hints = _hints(origin, own, headers, hops) if origin is not None and own is not None else []
    return " ".join([*facts, *([f'hint="{"; ".join(hints)}"'] if hints else [])])


def explainHost(headers: Mapping[str, str], seen: Asker, hops: int) -> str:
    """
    Explain a 421.

    @param seen: who asks, as trusted proxies tell it
    """
    facts = [_fact("asked", seen.host), *_forwarded(headers), f"trusted={hops}"]
    name = readHost(withoutPort(seen.host))
    return " ".join([*facts, *([] if name is None else [_fact("option", f"--host {name}")])])


def explain(why: str) -> str:
    """
    Explain any other refusal.
    """
    return _fact("why", why)


def _fact(name: str, value: str) -> str:
    return f'{name}="{printable(value, _LONGEST)}"'


def _forwarded(headers: Mapping[str, str]) -> list[str]:
    return [_fact(name, headers[name]) for name in ("host", *_FORWARDED) if name in headers]


def _options(
    text: str, origin: Origin | None, headers: Mapping[str, str], socket: Asker, hops: int, origins: Origins
) -> list[str]:
    if text == NULL:
        return [_fact("option", f"--origin {NULL}")]
    if origin is None:
        return [_fact("option", "--origin *"), _fact("hint", "this is no scheme://host, so no other option names it")]
    options = [f"--origin {writeOrigin(origin)}"]
    for more in range(1, _MOST_HOPS + 1):
        seen = readForwarded(socket, headers, more)
        if more != hops and origins.permit(text, seen.host, seen.secure):
            options.insert(0, f"--trust-forwarded {more}")
            break
    return [_fact(name, option) for name, option in zip(("option", "or"), options, strict=False)]


def _hints(origin: Origin, own: Origin, headers: Mapping[str, str], hops: int) -> list[str]:
    """
    Say what a proxy has to send so that the origin is our own.
    """
    (scheme, host, port), (ownScheme, ownHost, ownPort) = origin, own
    hints: list[str] = []
    if scheme not in ("http", "https"):
        # Our own pages have no app's scheme.
        return hints
    if ownHost != host and "x-forwarded-host" not in headers and _isInner(ownHost):
        hints.append("the proxy sends its own Host: have it pass the page's, with its port")
    elif ownHost == host and ownPort != port and not (ownPort in (80, 443) and port in (80, 443)):
        hints.append("the Host lacks the page's port: have the proxy pass it, too")
    if scheme == "https" and ownScheme == "http" and (ownHost == host or hints):
        if "x-forwarded-proto" not in headers and "forwarded" not in headers:
            hints.append("the proxy doesn't say that it ended TLS: have it send X-Forwarded-Proto, with --trust-forwarded")
        elif hops:
            hints.append("the proxy says that the peer came without TLS: have it pass on what the one before it said")
        else:
            hints.append("what the proxy says isn't trusted: --trust-forwarded says how many there are")
    return hints


def _isInner(host: str) -> bool:
    """
    Say whether a Host looks like a proxy's name for us, and not like one that a browser knows.
    """
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host
