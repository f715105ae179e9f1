"""
Resources for twisted.web: a hub in a site, and the browser client.
"""

from pathlib import Path
from typing import Any

from twisted.web.pages import errorPage
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer

from ratchet_tx.hub.hub import Hub
from ratchet_tx.transport.factory import RatchetServerFactory
from ratchet_tx.transport.handshake.door import handOver
from ratchet_tx.transport.handshake.explanations import explainHost
from ratchet_tx.transport.handshake.head import BadHead, checkHeaders
from ratchet_tx.transport.handshake.hosts import Hosts
from ratchet_tx.transport.handshake.refusals import phraseOf
from ratchet_tx.web.asker import askerOf, forwardedHeaders, peerOf
from ratchet_tx.web.files import Files
from ratchet_tx.web.health import Health

_FOLDER = Path(__file__).parent / "browser"

#: The browser client's files, as pages load them.
CLIENT_FILES = ("ratchet.js", "ratchet.mjs", "ratchet.d.ts")


@implementer(IResource)
class RatchetResource:
    """
    Serves a hub at a path of a twisted.web site::

        root.putChild(b"ws", RatchetResource(hub))

    The hub starts when the reactor runs, or by L{start}, and stops before the reactor shuts down.

    @param hub: the L{Hub}
    @param reactor: by default the global one
    """

    isLeaf = True

    def __init__(self, hub: Hub, reactor: Any = None) -> None:
        self._factory = RatchetServerFactory(hub, reactor)
        self._refusals = hub.httpRefusals
        # Once the factory has settled by which settings the hub goes.
        self._headCount = hub.limits.headCount
        self._started = False
        # Timers have to tick before the first request.
        self._factory.reactor.callWhenRunning(self.start)

    def start(self) -> None:
        """
        Start the hub before the reactor runs; nothing happens if it has started.
        """
        if self._started:
            return
        self._started = True
        self._factory.doStart()

    def render(self, request: Any) -> Any:
        """
        Take a handshake's connection over from the site; other requests get 426.

        The site has parsed the head, so its headers are checked here and not by the door.
        """
        self.start()
        headers = [(name.lower(), value) for name, values in request.requestHeaders.getAllRawHeaders() for value in values]
        try:
            isUpgrade = checkHeaders(headers, self._headCount)
        except BadHead as bad:
            return self._refuse(request, bad.status, bad.why)
        if not isUpgrade:
            request.setHeader(b"upgrade", b"websocket")
            return errorPage(426, "Upgrade Required", "This is a WebSocket: connect to it by ws:// or wss://.").render(
                request
            )
        if request.channel is None or request.channel.transport is None:
            # In HTTP/2 there is no connection to take over.
            return self._refuse(request, 400, "a handshake comes by HTTP/1.1")
        _takeOver(request, self._factory.buildSocket(request.getClientAddress()), headers)
        return NOT_DONE_YET

    def _refuse(self, request: Any, status: int, why: str) -> Any:
        self._refusals.request(peerOf(request), status, why)
        return errorPage(status, phraseOf(status), "This request can't be understood.").render(request)

    def getChildWithDefault(self, name: bytes, request: Any) -> Any:
        """
        There is nothing below it (C{isLeaf}).
        """
        return errorPage(404, "Not Found", "There is nothing here.")

    def putChild(self, path: bytes, child: Any) -> None:
        """
        There is nothing below it (C{isLeaf}).
        """
        raise TypeError("A RatchetResource has no children.")


def _takeOver(request: Any, protocol: Any, headers: list[tuple[bytes, bytes]]) -> None:
    """
    Pass a request's connection to a WebSocket protocol, with the head of the request.
    """
    transport, request.channel.transport = request.channel.transport, None
    # Data that came after the head belongs to the WebSocket.
    rest = request.channel.clearLineBuffer()
    # The channel is the transport's producer, and has paused it during the request.
    transport.unregisterProducer()
    transport.resumeProducing()
    lines = [b" ".join((request.method, request.uri, request.clientproto)), *(b": ".join(header) for header in headers)]
    handOver(transport, protocol, b"\r\n".join([*lines, b"", rest]))


def browserClient(name: str = "ratchet.js") -> Any:
    """
    Serve a file of the browser client::

        root.putChild(b"ratchet.js", browserClient())

    @param name: C{ratchet.js}, the script; C{ratchet.mjs}, the module, which loads the script from the same folder; or
        C{ratchet.d.ts}, their types
    """
    file = Files(str(_FOLDER / name))
    # Else .ts would be served as a translation, and .mjs with a type that browsers don't run.
    file.type, file.encoding = "text/javascript; charset=utf-8", None
    return file


class Front(Resource):
    """
    The root of a port's pages: the browser client's files, the health checks, and the application's pages.

    @param hub: the hub that C{/readyz} reports on (see L{Health})
    @param hosts: the host names that requests may have
    @param pages: serves all other paths; by default a welcome page
    """

    def __init__(self, hub: Hub, hosts: Hosts, pages: Any = None) -> None:
        super().__init__()
        self._health = {b"healthz": Health(), b"readyz": Health(hub)}
        self._hosts = hosts
        self._refusals = hub.httpRefusals
        self._hops = hub.settings.trustForwarded
        self._pages = pages
        if pages is None:
            self.putChild(b"", Files(str(_FOLDER / "welcome.html")))

    def getChildWithDefault(self, path: bytes, request: Any) -> Any:
        asker = askerOf(request, self._hops)
        if not self._hosts.permit(asker.host):
            facts = explainHost(forwardedHeaders(request), asker, self._hops)
            self._refusals.note("request", asker.address, 421, facts)
            return errorPage(421, "Misdirected Request", "This server is not called so.")
        if path in self._health and not request.postpath:
            return self._health[path]
        name = path.decode("ascii", "replace")
        if name in CLIENT_FILES and not request.postpath:
            return browserClient(name)
        if self._pages is None:
            return super().getChildWithDefault(path, request)
        if self._pages.isLeaf:
            # As for a root: postpath has the whole path.
            request.postpath.insert(0, request.prepath.pop())
            return self._pages
        return self._pages.getChildWithDefault(path, request)
