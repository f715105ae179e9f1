"""
The command line C{twistd ratchet}: turns options into settings, and settings into a service.

An error is one line that names the option, and exit status 1.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.application.service import MultiService
from twisted.cred.strcred import AuthOptionMixin
from twisted.python import usage

from ratchet_tx.errors import UsageError
from ratchet_tx.hub.hub import Hub
from ratchet_tx.interfaces import IClientProvider, IPeriodicTimer
from ratchet_tx.login.cred import CREDENTIALS, CredClientProvider
from ratchet_tx.server import service
from ratchet_tx.server.checkers import makeChecker
from ratchet_tx.server.dottednames import addApplication, named, naming
from ratchet_tx.server.process import Process, raiseOpenFiles
from ratchet_tx.settings import Settings, readShortcuts, readTOML
from ratchet_tx.transport.handshake.hosts import Hosts
from ratchet_tx.transport.handshake.origins import Origins


class Options(usage.Options, AuthOptionMixin):
    """
    The options of C{twistd ratchet}; the configuration file has the same names, and the command line wins.

    C{--help-auth} and C{--help-auth-type} come from the mix-in.
    """

    supportedInterfaces = CREDENTIALS

    synopsis = "[options]"
    longdesc = "Serve named JSON events over WebSockets, and the browser client at /ratchet.js."

    optParameters = [
        ["port", "p", None, f"The TCP port to listen on.  [default: {service.DEFAULT_PORT}]"],
        ["address", "a", None, f"The IP address to listen on.  [default: {Settings().address}]"],
        ["certificate", None, None, "A PEM file with the certificate and its chain: the port is served over TLS."],
        ["key", None, None, "A PEM file with its private key.  SIGHUP reads both again."],
        ["provider", None, None, "Dotted name of the client provider, a class or an object; by default all may connect."],
        ["config", "c", None, "A TOML file with the same names in a table [ratchet], and the limits in [limits]."],
        ["static", None, None, "A folder of files to serve besides the WebSockets."],
        ["admin-token-file", None, None, "A file with the token for --admin-listen.  SIGHUP reads it again."],
        ["trust-forwarded", None, None, "How many proxies in front are trusted.  [default: 0]"],
    ]
    optFlags = [["verbose", None, "Log connections, logins, and each dispatched or refused event, too."]]

    def __init__(self) -> None:
        super().__init__()
        self._values: dict[str, Any] = {}
        self._limits: dict[str, float] = {}

    def opt_listen(self, description: str) -> None:
        """A Twisted endpoint to listen on, instead of the default port; with --port, on both.  May be repeated."""
        self._repeated("listen", description)

    def opt_admin_listen(self, description: str) -> None:
        """A local port, or an endpoint, where other programs may publish.  May be repeated."""
        self._repeated("admin-listen", description)

    def opt_application(self, dotted: str) -> None:
        """Dotted name of a class, an object, or a function that is given the Applications.  May be repeated."""
        self._repeated("application", dotted)

    def opt_auth(self, description: str) -> None:
        """
        Who may log in by name:password, such as file:passwd, instead of a provider (see --help-auth).  May be repeated.
        """
        self._repeated("auth", description)

    def opt_timer(self, dotted: str) -> None:
        """Dotted name of a periodic timer, a class or an object.  May be repeated."""
        self._repeated("timer", dotted)

    def opt_origin(self, origin: str) -> None:
        """An origin whose pages may connect, such as https://example.org; null; * for all.  May be repeated."""
        self._repeated("origin", origin)

    def opt_host(self, name: str) -> None:
        """A name of this host, without a port; requests for other hosts are refused.  May be repeated."""
        self._repeated("host", name)

    def opt_subprotocol(self, name: str) -> None:
        """A WebSocket subprotocol to accept where a client offers it.  May be repeated."""
        self._repeated("subprotocol", name)

    def opt_limit(self, assignment: str) -> None:
        """A limit as NAME=VALUE; 0 switches it off.  May be repeated."""
        name, separator, value = assignment.partition("=")
        if not separator:
            raise usage.UsageError(f"--limit {assignment}: write NAME=VALUE, such as handlerSeconds=30")
        self._limits[name] = _number(value, f"--limit {assignment}")

    def _repeated(self, name: str, value: str) -> None:
        self._values.setdefault(name, []).append(value)

    def parseOptions(self, options: Any = None) -> None:
        """
        Parse the arguments.

        @raise SystemExit: with one line, for an error; twistd itself would print all of its help before that line
        """
        with oneLine():
            super().parseOptions(options)

    def settings(self) -> Settings:
        """
        Make the settings from the configuration file, if there is one, the command line, and the environment.

        @raise UsageError: for an error in one of them
        """
        settings = _readFile(self["config"]) if self["config"] else Settings()
        values = dict(self._values)
        for name in ("address", "certificate", "key", "provider", "static", "admin-token-file"):
            if self[name] is not None:
                values[name] = self[name]
        for name in ("port", "trust-forwarded"):
            if self[name] is not None:
                values[name] = _number(self[name], f"--{name} {self[name]}")
        if self["verbose"]:
            values["verbose"] = True
        limits = settings.limits.having(self._limits, "--limit")
        without = readShortcuts(os.environ.get(service.WITHOUT, ""), service.WITHOUT)
        return replace(settings.having(values, "command line"), limits=limits, without=without)


def _number(text: str, where: str) -> float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    raise UsageError(f"{where}: {text!r} is not a number")


def _readFile(name: str) -> Settings:
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise UsageError(f"--config {name}: {getattr(error, 'strerror', None) or error}") from None
    return readTOML(text, name)


@contextmanager
def oneLine() -> Iterator[None]:
    """
    Turn a UsageError into the end of the process, with one line.
    """
    try:
        yield
    except (UsageError, usage.UsageError) as error:
        raise SystemExit(f"ratchet: {' '.join(str(error).split())}") from None


def makeService(options: Options) -> MultiService:
    """
    Make the service that the command line describes.

    @raise SystemExit: with one line, for an error
    """
    # twistd doesn't make the working directory importable, but the operator's modules are mostly there.
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    with oneLine():
        settings = options.settings()
        settings.limits.check()
        if settings.static and not Path(settings.static).is_dir():
            raise UsageError(f"static: {settings.static!r} is not a folder")
        Origins(settings.origin)
        Hosts(settings.host)
        from twisted.internet import reactor

        hub = _makeHub(settings)
        raiseOpenFiles(settings.limits.connections)
        return Process(hub, service.makeService(settings, hub), reactor)


def _makeHub(settings: Settings) -> Hub:
    provider = _makeProvider(settings)
    with naming("provider", settings.provider):
        hub = Hub(provider, settings=settings)
    for dotted in settings.application:
        addApplication(hub.applications, dotted)
    for dotted in settings.timer:
        timer = named("timer", dotted, IPeriodicTimer)
        with naming("timer", dotted):
            hub.timers.add(timer)
    return hub


def _makeProvider(settings: Settings) -> Any:
    if settings.provider and settings.auth:
        raise UsageError("provider and auth both say who may log in: leave one of them out")
    if settings.auth:
        return CredClientProvider([makeChecker(description) for description in settings.auth])
    return named("provider", settings.provider, IClientProvider) if settings.provider else None
