"""
The settings and limits, with their defaults, and the reader of the configuration file.

The names are the same here, in the configuration file, and on the command line.
A wrong name or value is an error of one sentence that names the key and its place.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from typing import Any

from ratchet_tx.errors import UsageError


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """
    The limits; 0 switches one off.

    @ivar messageBytes: how many bytes a message may have
    @ivar headBytes: how many bytes the head of a request may have
    @ivar headCount: how many headers a request may have
    @ivar headSeconds: how long a peer may take to send the head
    @ivar loginSeconds: how long a stranger may stay without a login, and how long a provider may take to find a client
    @ivar pingSeconds: how often a peer is pinged
    @ivar pongSeconds: how long a peer may take to answer a ping
    @ivar handlerSeconds: how long the handlers of one event may take
    @ivar sendQueueBytes: how many bytes may wait to be sent to a slow peer
    @ivar eventsPerSecond: how many events a peer may send per second, on average
    @ivar eventsBurst: how many events a peer may send at once
    @ivar receiveQueueEvents: how many events of a peer may wait to be handled before reading from it pauses
    @ivar rooms: how many rooms a connection may be in
    @ivar connections: how many connections there may be
    @ivar connectionsPerClient: how many connections a client may have
    @ivar connectionsPerAddress: how many connections an address may have
    @ivar strangersPerAddress: how many connections of an address may be without a login
    @ivar pagesPerAddress: how many connections an address may have that are not WebSockets: for pages, or before the end of
        their TLS handshake or head
    @ivar connectionBytes: how many bytes may be kept for one connection in all
    @ivar processBytes: how many bytes may be kept for all connections and for the histories of rooms, which may have half
    @ivar replayBytes: how many bytes of missed events, or of a room's history, one reply may have
    @ivar presenceSeconds: how long a lost member of a room is still shown
    @ivar dedupSeconds: how long an event's key is remembered
    @ivar drainSeconds: how long the hub may take to stop
    @ivar logBytesPerMinute: how many bytes peers may add to the log in any minute
    """

    messageBytes: int = 65536
    headBytes: int = 16384
    headCount: int = 64
    headSeconds: float = 5
    loginSeconds: float = 10
    pingSeconds: float = 20
    pongSeconds: float = 20
    handlerSeconds: float = 30
    sendQueueBytes: int = 1048576
    eventsPerSecond: int = 50
    eventsBurst: int = 100
    receiveQueueEvents: int = 64
    rooms: int = 128
    connections: int = 10000
    connectionsPerClient: int = 16
    connectionsPerAddress: int = 0
    strangersPerAddress: int = 64
    pagesPerAddress: int = 256
    connectionBytes: int = 4194304
    processBytes: int = 1073741824
    replayBytes: int = 262144
    presenceSeconds: float = 5
    dedupSeconds: float = 120
    drainSeconds: float = 25
    logBytesPerMinute: int = 1000000

    @classmethod
    def names(cls) -> list[str]:
        """
        List the names of the limits.
        """
        return [each.name for each in fields(cls)]

    def having(self, values: Mapping[str, Any], where: str) -> "Limits":
        """
        Copy the limits, with some changed.

        @param where: where the values come from, for the error
        @raise UsageError: for an unknown name, and for what isn't a number of the right kind
        """
        for name, value in values.items():
            if name not in self.names():
                raise UsageError(f"{where}: there is no limit {name!r}; there are {', '.join(self.names())}")
            _checkNumber(value, Limits.__annotations__[name] is int, f"{where}: {name}")
        return replace(self, **values)

    def check(self) -> None:
        """
        Check that the limits fit together.

        @raise UsageError: if C{connectionBytes} is no larger than the sum of what other limits allow one connection
        """
        least = self.sendQueueBytes + self.replayBytes + self.messageBytes
        if 0 < self.connectionBytes <= least:
            raise UsageError(
                f"limits: connectionBytes={self.connectionBytes} has to be above sendQueueBytes + replayBytes + "
                f"messageBytes = {self.sendQueueBytes} + {self.replayBytes} + {self.messageBytes}"
            )


def _checkNumber(value: Any, whole: bool, what: str) -> None:
    kinds = int if whole else (int, float)
    if not isinstance(value, kinds) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise UsageError(f"{what} is {'a whole number' if whole else 'a number'} from 0 to {2**31 - 1}, not {value!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """
    The settings of a server; they don't change while it runs.

    @ivar port: the TCP port to listen on; None for the default, or for none if there is C{listen}
    @ivar address: the IP address to listen on
    @ivar listen: Twisted endpoints to listen on; without C{port} they replace the default port
    @ivar certificate: a file with the certificate for TLS on the port; blank for none
    @ivar key: a file with the certificate's private key
    @ivar application: dotted names of applications
    @ivar provider: the dotted name of the client provider; blank for the anonymous one
    @ivar auth: checkers of twisted.cred, as C{--auth} describes them, instead of a provider
    @ivar timer: dotted names of periodic timers
    @ivar static: a folder of files to serve besides the WebSockets; blank for none
    @ivar origin: origins, besides the server's own, whose pages may connect, such as C{https://example.org} or
        C{capacitor://localhost}; C{null} for pages without an origin, C{*} for all
    @ivar host: the host names that requests may have; empty for any
    @ivar subprotocol: the WebSocket subprotocols to accept: the first one that the client offers and that is listed here
    @ivar trustForwarded: how many proxies are in front whose X-Forwarded or Forwarded headers are trusted
    @ivar adminListen: endpoints, or local ports, where other programs may publish
    @ivar adminTokenFile: a file with the token for these
    @ivar without: the L{SHORTCUTS} that are switched off; neither the file nor an option sets it
    @ivar verbose: whether opened connections, logins, dispatched and refused events are logged
    @ivar limits: the limits
    """

    port: int | None = None
    address: str = "0.0.0.0"
    listen: tuple[str, ...] = ()
    certificate: str = ""
    key: str = ""
    application: tuple[str, ...] = ()
    provider: str = ""
    auth: tuple[str, ...] = ()
    timer: tuple[str, ...] = ()
    static: str = ""
    origin: tuple[str, ...] = ()
    host: tuple[str, ...] = ()
    subprotocol: tuple[str, ...] = ()
    trustForwarded: int = 0
    adminListen: tuple[str, ...] = ()
    adminTokenFile: str = ""
    without: tuple[str, ...] = ()
    verbose: bool = False
    limits: Limits = field(default_factory=Limits)

    def having(self, values: Mapping[str, Any], where: str) -> "Settings":
        """
        Copy the settings, with some changed.

        @param values: the values by name; a setting of several values takes a list, or one value
        @param where: where the values come from, for the error
        @raise UsageError: for an unknown name or a value of the wrong kind
        """
        names = {_key(each.name): each.name for each in fields(self) if each.name not in ("limits", "without")}
        for key in values:
            if key not in names:
                raise UsageError(f"{where}: there is no setting {key!r}; there are {', '.join(names)}")
        return replace(self, **{names[key]: _checked(names[key], value, f"{where}: {key}") for key, value in values.items()})

    def differing(self, other: "Settings") -> list[str]:
        """
        List the names of settings and limits that differ between a hub's settings and its service's (all but
        L{SERVICES_OWN}).

        @return: the names as in the configuration file
        """
        names = [each.name for each in fields(self) if each.name not in SERVICES_OWN and each.name != "limits"]
        found = [_key(name) for name in names if _meant(getattr(self, name)) != _meant(getattr(other, name))]
        return found + [name for name in Limits.names() if getattr(self.limits, name) != getattr(other.limits, name)]


#: The settings that a hub doesn't use: where and what to serve, and what only the command line uses.
SERVICES_OWN = frozenset(
    {
        *("port", "address", "listen", "certificate", "key", "static", "adminListen", "adminTokenFile"),
        *("application", "provider", "auth", "timer"),
    }
)


def _meant(value: Any) -> Any:
    """
    Normalize a setting for comparison: the order of several values doesn't count, nor whether they are a list.
    """
    return frozenset(value) if isinstance(value, list | tuple) else value


def _key(name: str) -> str:
    """
    Convert a setting's name to its form in files and on the command line.
    """
    return re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", name)


#: Optimizations that can be switched off to find a fault: reading messages without Autobahn, reading sockets without the
#: reactor, writing to them without the transport.
SHORTCUTS = ("fast-path", "nested-epoll", "direct-writes")

#: A subprotocol's name (RFC 6455 section 4.1, RFC 9110 section 5.6.2).
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

#: The greatest value of each setting that is a number.
_GREATEST = {"port": 65535, "trustForwarded": 100}


#: What follows the C{%} in a link-local address: an interface's name or number (RFC 4007 section 11).
_SCOPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")


def _isAddress(text: str) -> bool:
    try:
        parsed = ip_address(text)
    except ValueError:
        return False
    scope = getattr(parsed, "scope_id", None)
    return scope is None or (parsed.is_link_local and _SCOPE.fullmatch(scope) is not None)


def _checked(name: str, value: Any, what: str) -> Any:
    kind = Settings.__annotations__[name]
    if name in _GREATEST:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _GREATEST[name]:
            raise UsageError(f"{what} is a number from 0 to {_GREATEST[name]}, not {value!r}")
        return value
    if kind in (bool, str):
        if not isinstance(value, kind):
            raise UsageError(f"{what} is {'true or false' if kind is bool else 'a text'}, not {value!r}")
        if name == "address" and not _isAddress(value):
            raise UsageError(f"{what}: {value!r} is not an IP address, such as 127.0.0.1 or ::")
        return value
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise UsageError(f"{what} is a list of texts, not {value!r}")
    if name == "subprotocol":
        for item in items:
            if not _TOKEN.fullmatch(item):
                raise UsageError(f"{what}: {item!r} is no subprotocol: a name of letters, digits and such as - or .")
    return tuple(items)


def readShortcuts(text: str, where: str) -> tuple[str, ...]:
    """
    Parse a list of L{SHORTCUTS} to switch off.

    @param text: their names, separated by commas
    @param where: where the text comes from, for the error
    @raise UsageError: for an unknown name
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = sorted(set(names) - set(SHORTCUTS))
    if unknown:
        raise UsageError(f"{where}: there is no {unknown[0]!r}; there are {', '.join(SHORTCUTS)}")
    return names


def readTOML(text: str, where: str) -> Settings:
    """
    Read a configuration file: a table C{[ratchet]} of settings, and a table C{[limits]}.

    @param text: the file's text
    @param where: the file's name, for the error
    @raise UsageError: for an error in the file
    """
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Most are TOMLDecodeErrors, which tell the place. Others come from long numbers and deep brackets.
        raise UsageError(f"{where}: {error}") from None
    for name, table in tables.items():
        if name not in ("ratchet", "limits"):
            raise UsageError(f"{where}: there is no table [{name}]; there are [ratchet] and [limits]")
        if not isinstance(table, dict):
            raise UsageError(f"{where}: {name} is a table, written [{name}]")
    limits = Limits().having(tables.get("limits", {}), f"{where}, [limits]")
    return replace(Settings().having(tables.get("ratchet", {}), f"{where}, [ratchet]"), limits=limits)
