"""
All parts put together as one service of Twisted's: it listens, and knows nothing of command lines.
"""

from typing import Any

from twisted.application.service import MultiService
from twisted.application.strports import service as listeningService
from twisted.internet.endpoints import quoteStringArgument
from twisted.web.server import Site
from twisted.web.static import File

from ratchet_tx.errors import UsageError
from ratchet_tx.hosts import Hosts
from ratchet_tx.hub import Hub
from ratchet_tx.settings import Settings
from ratchet_tx.web.resource import Front
from ratchet_tx.websocket import RatchetServerFactory

DEFAULT_PORT = 8080


def makeService(
    settings: Settings | None = None, hub: Hub | None = None, pages: Any = None, reactor: Any = None
) -> MultiService:
    """
    Make a service that serves a hub, the browser client, and pages beside them, on every endpoint of the settings::

        makeService(Settings(port=8080), hub).setServiceParent(application)

    The hub is one of its children, named C{ratchet}: it starts and stops with it, and its timers too.

    @param settings: the L{Settings}; what they say of applications, provider and timers is the command line's, and counts
        for nothing here
    @param hub: by default a new one
    @param pages: a resource of twisted.web for the port's root; by default the settings' folder C{static}
    @param reactor: by default the global one
    @raise UsageError: for an endpoint that can't be
    """
    if reactor is None:
        from twisted.internet import reactor
    if settings is None:
        settings = Settings() if hub is None else hub.settings
    if hub is None:
        hub = Hub(settings=settings)
    if pages is None and settings.static:
        pages = File(settings.static)
    hub.provideClock(reactor)
    root = MultiService()
    hub.setServiceParent(root)
    factory = RatchetServerFactory(hub, reactor, _Site(Front(hub, Hosts(settings.host), pages), logFormatter=_formatAccess))
    for description in descriptions(settings):
        try:
            listeningService(description, factory, reactor).setServiceParent(root)
        except (ValueError, TypeError, LookupError, ImportError, OSError) as error:
            raise UsageError(f"listen: {description!r} is no endpoint: {error}") from error
    return root


class _Site(Site):
    noisy = False


def _formatAccess(timestamp: str, request: Any) -> str:
    """
    Log a request as the combined format of web servers does, but for its query, which may hold secrets.
    """
    path = request.uri.partition(b"?")[0].decode("ascii", "backslashreplace")
    address = request.getClientAddress()
    return (
        f"{getattr(address, 'host', '-')} - - {timestamp} "
        f'"{request.method.decode("ascii", "backslashreplace")} {path}" {request.code} {request.sentLength or "-"}'
    )


def descriptions(settings: Settings) -> list[str]:
    """
    Name the endpoints to listen on: the port, unless there are only others.
    """
    listen = list(settings.listen)
    if settings.port is not None or not listen:
        port = DEFAULT_PORT if settings.port is None else settings.port
        kind = "tcp6" if ":" in settings.address else "tcp"
        listen.insert(0, f"{kind}:{port}:interface={quoteStringArgument(settings.address)}")
    return listen
