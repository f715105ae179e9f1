"""
Resources for twisted.web: a hub within a site, and the browser client.
"""

from pathlib import Path
from typing import Any

from twisted.web.pages import errorPage
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer

from ratchet_tx.hub.hub import Hub
from ratchet_tx.monitoring.httprefusals import HTTPRefusals
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

#: The browser client's files, by the names that pages load them by.
CLIENT_FILES = ("ratchet.js", "ratchet.mjs", "ratchet.d.ts")


@implementer(IResource)
class RatchetResource:
    """
    Serves a hub at a path of a twisted.web site::

        root.putChild(b"ws", RatchetResource(hub))

    The hub starts when the reactor runs, or with C{start}, and stops before the reactor's shutdown.

    @param hub: the L{Hub}
    @param reactor: by default the global one
    """

    isLeaf = True

    def __init__(self, hub: Hub, reactor: Any = None) -> None:
        self._factory = RatchetServerFactory(hub, reactor)
        self._refusals = HTTPRefusals(hub.counters, hub.peerLog)
        self._started = False
        # Not with the first request, before which no timer would tick.
        self._factory.reactor.callWhenRunning(self.start)

    def start(self) -> None:
        """
        Start the hub before the reactor runs; nothing happens where it has been done.
        """
        if self._started:
            return
        self._started = True
        self._factory.doStart()

    def render(self, request: Any) -> Any:
        """
        Take a handshake's socket over from the site; whatever else comes is told to upgrade.

        The head has been taken apart by the site, so it is looked through here, not by the door.
        """
        self.start()
        headers = [(name.lower(), value) for name, values in request.requestHeaders.getAllRawHeaders() for value in values]
        try:
            isUpgrade = checkHeaders(headers, self._factory.hub.limits.headCount)
        except BadHead as bad:
            return self._refuse(request, bad.status, bad.why)
        if not isUpgrade:
            request.setHeader(b"upgrade", b"websocket")
            return errorPage(426, "Upgrade Required", "This is a WebSocket: connect to it by ws:// or wss://.").render(
                request
            )
        if request.channel is None or request.channel.transport is None:
            # HTTP/2 has no connection to be taken over.
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
    Give a request's connection to a WebSocket's protocol, with the request as it came.
    """
    transport, request.channel.transport = request.channel.transport, None
    # What has come behind the head is the socket's, too.
    rest = request.channel.clearLineBuffer()
    # The channel is the transport's producer, and has paused it while the request is served.
    transport.unregisterProducer()
    transport.resumeProducing()
    lines = [b" ".join((request.method, request.uri, request.clientproto)), *(b": ".join(header) for header in headers)]
    handOver(transport, protocol, b"\r\n".join([*lines, b"", rest]))


def browserClient(name: str = "ratchet.js") -> Any:
    """
    Serve a file of the browser client::

        root.putChild(b"ratchet.js", browserClient())

    @param name: C{ratchet.js}, the script; C{ratchet.mjs}, the module, which loads the script from beside it; or
        C{ratchet.d.ts}, their types
    """
    file = Files(str(_FOLDER / name))
    # By itself it takes .ts for a translation, and .mjs for nothing that a browser would run.
    file.type, file.encoding = "text/javascript; charset=utf-8", None
    return file


class Front(Resource):
    """
    The pages of one port: the browser client's files, and beside them whatever there is.

    @param hub: what C{/readyz} is about (see L{Health})
    @param hosts: the names by which we may be called
    @param pages: what serves everything else; by default a page that says what this is
    """

    def __init__(self, hub: Hub, hosts: Hosts, pages: Any = None) -> None:
        super().__init__()
        self._health = {b"healthz": Health(), b"readyz": Health(hub)}
        self._hosts = hosts
        self._refusals = HTTPRefusals(hub.counters, hub.peerLog)
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
            # As if it were the root itself, which is asked with the whole path still before it.
            request.postpath.insert(0, request.prepath.pop())
            return self._pages
        return self._pages.getChildWithDefault(path, request)
