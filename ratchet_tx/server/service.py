"""
Combines hub, ports and pages into one Twisted service.
"""

import re
from typing import Any

from twisted.application.service import MultiService
from twisted.application.strports import service as listeningService
from twisted.internet.endpoints import quoteStringArgument
from twisted.logger import Logger

from ratchet_tx.errors import UsageError
from ratchet_tx.hub.hub import Hub
from ratchet_tx.server.endpoints import onLoopback, withBacklog
from ratchet_tx.server.proxyline import expectProxyLine, stripProxyPrefix
from ratchet_tx.server.tls import Certificate
from ratchet_tx.server.tlsport import TLSPort, checkProxied, isTLS
from ratchet_tx.settings import Settings
from ratchet_tx.transport.factory import RatchetServerFactory
from ratchet_tx.transport.handshake.hosts import Hosts
from ratchet_tx.web.admin import AdminSite
from ratchet_tx.web.bearer import BearerToken
from ratchet_tx.web.files import Files
from ratchet_tx.web.pagerequest import BODY_BYTES
from ratchet_tx.web.resource import Front
from ratchet_tx.web.site import Site
from ratchet_tx.wire.ipaddresses import isPublic

DEFAULT_PORT = 8080

#: The environment variable that switches off what makes the server fast (see L{SHORTCUTS<ratchet_tx.settings.SHORTCUTS>}).
#: It is no option, for it serves only to find out whether one of these is to blame for something.
WITHOUT = "RATCHET_WITHOUT"

#: Finds the port number in an endpoint's description.
_PORT = re.compile(r"tcp6?:(?:port=)?([0-9]{1,20})", re.I)


def makeService(
    settings: Settings | None = None,
    hub: Hub | None = None,
    pages: Any = None,
    reactor: Any = None,
    bodyBytes: int = BODY_BYTES,
) -> "RatchetService":
    """
    Make a service that serves a hub, the browser client and pages, on every endpoint of the settings::

        makeService(Settings(port=8080), hub).setServiceParent(application)

    A hub that was made without settings takes these. A hub with settings keeps its own, and these may differ only in where
    and what to serve (C{port}, C{address}, C{listen}, C{certificate}, C{key}, C{static}, C{admin...}).

    @param settings: the L{Settings}, by default the hub's; their applications, provider and timers are for the command line
        only, and not used here
    @param hub: by default a new one
    @param pages: a twisted.web resource for the port's root; by default the files in the settings' folder C{static}
    @param reactor: by default the global one
    @param bodyBytes: how many bytes a request's body may have, for pages that take uploads: twisted.web reads all of it
        before it calls a page; 0 for any length
    @raise UsageError: for an endpoint, a certificate or a token file that can't be read, and for settings that differ from
        the hub's
    """
    if reactor is None:
        from twisted.internet import reactor
    if settings is None:
        settings = Settings() if hub is None else hub.settings
    if hub is None:
        hub = Hub(settings=settings)
    hub.provideSettings(settings)
    if pages is None and settings.static:
        pages = Files(settings.static)
    hub.provideClock(reactor)
    return RatchetService(settings, hub, pages, reactor, bodyBytes)


class RatchetService(MultiService):
    """
    The service of all parts; L{makeService} makes it.

    The hub is a child named C{ratchet}: it starts and stops with this service, and so do its timers.
    """

    _log = Logger()

    def __init__(self, settings: Settings, hub: Hub, pages: Any, reactor: Any, bodyBytes: int) -> None:
        super().__init__()
        self._hub = hub
        hub.setServiceParent(self)
        front = Front(hub, Hosts(hub.settings.host), pages)
        site = Site(front, bodyBytes, hub.limits, hub.counters, hub.clock, log=hub.peerLog)
        site.trustForwarded = hub.settings.trustForwarded
        factory = RatchetServerFactory(hub, reactor, site)
        self._reloadables: list[tuple[str, Certificate | TLSPort | BearerToken]] = []
        secured = self._secured(factory, settings, reactor)
        if _listensOnPort(settings):
            self._listen("listen", _describePort(settings), secured, reactor)
        for description in settings.listen:
            self._listen("listen", description, factory, reactor)
        self._listenForAdmin(settings, reactor)
        self._warn(settings)

    def _secured(self, factory: RatchetServerFactory, settings: Settings, reactor: Any) -> Any:
        if bool(settings.certificate) != bool(settings.key):
            raise UsageError("certificate and key: there is one without the other")
        if not settings.certificate:
            return factory
        certificate = Certificate(settings.certificate, settings.key)
        from twisted.protocols.tls import TLSMemoryBIOFactory

        self._reloadables.append(("certificate", certificate))
        secured = TLSMemoryBIOFactory(certificate, False, factory, reactor)
        secured.noisy = False
        return secured

    def _listen(self, setting: str, description: str, factory: Any, reactor: Any) -> None:
        checkProxied(description, setting)
        if isTLS(description):
            port = TLSPort(description, factory, reactor, setting)
            self._reloadables.append(("certificate", port))
            return port.setServiceParent(self)  # type: ignore[no-any-return]
        rest = stripProxyPrefix(description)
        if rest is not None:
            factory = expectProxyLine(factory, self._hub.peerLog)
        number = _PORT.match(rest or description)
        if number is not None and int(number[1]) > 65535:
            # Twisted would fail when it listens, with a system error that doesn't name the port.
            raise UsageError(f"{setting}: {description!r} is no endpoint: a port is a number from 0 to 65535")
        try:
            listeningService(withBacklog(rest or description), factory, reactor).setServiceParent(self)
        except (ValueError, TypeError, LookupError, ImportError, OSError) as error:
            raise UsageError(f"{setting}: {description!r} is no endpoint: {error}") from error

    def _listenForAdmin(self, settings: Settings, reactor: Any) -> None:
        if bool(settings.adminListen) != bool(settings.adminTokenFile):
            raise UsageError("admin-listen and admin-token-file: there is one without the other")
        if not settings.adminListen:
            return
        token = BearerToken(settings.adminTokenFile)
        self._reloadables.append(("admin token", token))
        admin = AdminSite(self._hub, token)
        for description in settings.adminListen:
            self._listen("admin-listen", onLoopback(description), admin, reactor)

    def _warn(self, settings: Settings) -> None:
        without = ",".join(self._hub.settings.without)
        if without:
            self._log.warn("Optimizations switched off: {variable}={without}", variable=WITHOUT, without=without)
        public = _listensOnPort(settings) and (isPublic(settings.address) or settings.address in ("0.0.0.0", "::"))
        if public and self._hub.allowsGuests and not self._hub.limits.connectionsPerAddress:
            self._log.warn(
                "Anyone may connect without a login, and from one address as often as they like: "
                "name a client provider, or set the limit connectionsPerAddress"
            )

    def reload(self) -> None:
        """
        Read the certificates and the token of the admin endpoint again, for new connections.

        A failure is logged, and the old one stays in use.
        """
        for name, reloadable in self._reloadables:
            try:
                reloadable.reload()
            except UsageError as error:
                self._log.error("The {name} was not reloaded, the old one stays: error={error}", name=name, error=error)
            else:
                self._log.info("The {name} was reloaded", name=name)


def _listensOnPort(settings: Settings) -> bool:
    """
    Say whether to listen on C{port}: unless only C{listen} is set.
    """
    return settings.port is not None or not settings.listen


def _describePort(settings: Settings) -> str:
    port = DEFAULT_PORT if settings.port is None else settings.port
    kind = "tcp6" if ":" in settings.address else "tcp"
    return f"{kind}:{port}:interface={quoteStringArgument(settings.address)}"
