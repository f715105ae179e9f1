"""
The settings and limits, each with its default, and how they are read and checked.

The names are the same everywhere: here, in the configuration file, and on the command line.
A wrong name or value is one sentence that names the key and where it stood.
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
    How much one peer may ask of us; 0 switches a limit off.

    @ivar messageBytes: the longest message
    @ivar headBytes: the longest head of a request
    @ivar headCount: how many headers it may have
    @ivar headSeconds: how long a peer may take for it
    @ivar loginSeconds: how long a stranger may stay without a login, and a provider may take to find somebody
    @ivar pingSeconds: how often a peer is pinged
    @ivar pongSeconds: how long it may take to answer that
    @ivar handlerSeconds: how long one event may take
    @ivar sendQueueBytes: how many bytes may wait for a peer that doesn't read
    @ivar eventsPerSecond: how many events a peer may send, over time
    @ivar eventsBurst: how many it may send at once
    @ivar receiveQueueEvents: how many events of a peer may wait for the one that is handled before we stop reading from it
    @ivar rooms: how many rooms a connection may be in
    @ivar connections: how many there may be in all
    @ivar connectionsPerClient: how many of one client
    @ivar connectionsPerAddress: how many from one address
    @ivar strangersPerAddress: how many of them that haven't logged in
    @ivar pagesPerAddress: how many from one address that are no sockets: for pages, or with their TLS or head still to come
    @ivar connectionBytes: how many bytes may be kept for one connection, in all
    @ivar processBytes: how many for all connections, and for the histories of rooms, of which half may be these
    @ivar replayBytes: how much of what was missed is told at once, to who comes back or asks for a room's history
    @ivar presenceSeconds: how long a member of a room who was lost is still shown as there
    @ivar dedupSeconds: for how long what a client sent by a key isn't handled again
    @ivar drainSeconds: how long the hub may take to stop
    @ivar logBytesPerMinute: how many bytes of the log peers may cause in any minute
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
        Name the limits.
        """
        return [each.name for each in fields(cls)]

    def having(self, values: Mapping[str, Any], where: str) -> "Limits":
        """
        Change some of them.

        @param where: where the values stood, for the message
        @raise UsageError: for an unknown name, and for what isn't a number of the right kind
        """
        for name, value in values.items():
            if name not in self.names():
                raise UsageError(f"{where}: there is no limit {name!r}; there are {', '.join(self.names())}")
            _checkNumber(value, Limits.__annotations__[name] is int, f"{where}: {name}")
        return replace(self, **values)

    def check(self) -> None:
        """
        Check that they go together.

        @raise UsageError: where C{connectionBytes} has no room for what others let one peer have at once
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
    Everything that an operator may set; none of it changes while the server runs.

    @ivar port: the TCP port to listen on; None where only C{listen} counts
    @ivar address: the IP address to listen on
    @ivar listen: Twisted's endpoint descriptions, to listen on besides; alone they replace the port
    @ivar certificate: a file with the certificate that the port is served with, over TLS; blank for none
    @ivar key: a file with its private key
    @ivar application: dotted names of what is registered
    @ivar provider: the dotted name of the client provider; blank for the anonymous one
    @ivar auth: checkers of twisted.cred's, as C{--auth} describes them, in the provider's place
    @ivar timer: dotted names of periodic timers
    @ivar static: a folder of files to serve beside the sockets; blank for none
    @ivar origin: origins, besides our own, whose pages may connect, such as C{https://example.org} or
        C{capacitor://localhost}; C{null} for pages that have none, C{*} for all
    @ivar host: the names by which we may be called (the Host header); none for any
    @ivar subprotocol: the subprotocols that clients may offer: the first offered one that is among them is agreed on
    @ivar trustForwarded: how many proxies stand before us, whose X-Forwarded or Forwarded headers count
    @ivar adminListen: where other programs of the operator's may publish: endpoint descriptions, or ports of this machine
    @ivar adminTokenFile: a file with the token that they have to show
    @ivar without: what makes it fast and is switched off, of L{SHORTCUTS}; neither a file nor an option says it
    @ivar verbose: whether each dispatched and each refused event is logged
    @ivar limits: how much a peer may ask
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
        Change some of them.

        @param values: by name; lists may be given as lists, and one value of a list alone
        @param where: where the values stood, for the message
        @raise UsageError: for an unknown name or a value of the wrong kind
        """
        names = {_key(each.name): each.name for each in fields(self) if each.name not in ("limits", "without")}
        for key in values:
            if key not in names:
                raise UsageError(f"{where}: there is no setting {key!r}; there are {', '.join(names)}")
        return replace(self, **{names[key]: _checked(names[key], value, f"{where}: {key}") for key, value in values.items()})

    def differing(self, other: "Settings") -> list[str]:
        """
        Name what differs between two settings of what both a hub and its service mind (all but L{SERVICES_OWN}).

        @return: the names as they stand in files; limits by their own
        """
        names = [each.name for each in fields(self) if each.name not in SERVICES_OWN and each.name != "limits"]
        found = [_key(name) for name in names if _meant(getattr(self, name)) != _meant(getattr(other, name))]
        return found + [name for name in Limits.names() if getattr(self.limits, name) != getattr(other.limits, name)]


#: What says where and what a service serves, or is the command line's: a hub has no use for it.
SERVICES_OWN = frozenset(
    {
        *("port", "address", "listen", "certificate", "key", "static", "adminListen", "adminTokenFile"),
        *("application", "provider", "auth", "timer"),
    }
)


def _meant(value: Any) -> Any:
    """
    Take a setting for what it means: of several values the order doesn't count, nor whether they are a list.
    """
    return frozenset(value) if isinstance(value, list | tuple) else value


def _key(name: str) -> str:
    """
    Write a setting's name as it stands in files and on the command line.
    """
    return re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", name)


#: What makes a server fast, and can be switched off to find out whether it is to blame: reading messages past Autobahn,
#: reading sockets past the reactor, writing to them past the transport.
SHORTCUTS = ("fast-path", "nested-epoll", "direct-writes")

#: What a subprotocol's name is made of (RFC 6455 section 4.1, RFC 9110 section 5.6.2).
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

#: The greatest value of each setting that is a number.
_GREATEST = {"port": 65535, "trustForwarded": 100}


#: What a link-local address may name behind its C{%}: an interface, or its number (RFC 4007 section 11).
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
    Read what of L{SHORTCUTS} is switched off.

    @param text: their names, with commas between
    @param where: where it stood, for the message
    @raise UsageError: for another name
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = sorted(set(names) - set(SHORTCUTS))
    if unknown:
        raise UsageError(f"{where}: there is no {unknown[0]!r}; there are {', '.join(SHORTCUTS)}")
    return names


def readTOML(text: str, where: str) -> Settings:
    """
    Read a configuration file: the settings stand in a table C{[ratchet]}, the limits in C{[limits]}.

    @param text: the file's text
    @param where: the file's name, for the message
    @raise UsageError: for whatever is wrong with it
    """
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Most are TOMLDecodeErrors, which say where; but a number can be too long for Python, and brackets too deep.
        raise UsageError(f"{where}: {error}") from None
    for name, table in tables.items():
        if name not in ("ratchet", "limits"):
            raise UsageError(f"{where}: there is no table [{name}]; there are [ratchet] and [limits]")
        if not isinstance(table, dict):
            raise UsageError(f"{where}: {name} is a table, written [{name}]")
    limits = Limits().having(tables.get("limits", {}), f"{where}, [limits]")
    return replace(Settings().having(tables.get("ratchet", {}), f"{where}, [ratchet]"), limits=limits)
