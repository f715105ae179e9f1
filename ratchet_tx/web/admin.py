"""
The admin site, on an endpoint of its own: the operator's other programs publish here, and check the health.
"""

from typing import Any

from twisted.web.resource import Resource

from ratchet_tx.errors import PeerError
from ratchet_tx.hub.hub import Hub
from ratchet_tx.monitoring.httprefusals import HTTPRefusals
from ratchet_tx.web.bearer import BearerToken
from ratchet_tx.web.health import Health
from ratchet_tx.web.publishing import Publishing
from ratchet_tx.web.responses import asBody, refuse, tooBig
from ratchet_tx.web.site import Site

#: How many seconds a connection may be silent, in a request or between two.
_SILENT_SECONDS = 60


class AdminSite(Site):
    """
    Serves C{POST /api/publish}, which needs the token, and C{/healthz} and C{/readyz}, which don't.

    @param hub: the hub, which has a clock
    @param token: the token that a publish must show
    """

    tooLongHeaders = b"Content-Type: application/json\r\n"

    def __init__(self, hub: Hub, token: BearerToken) -> None:
        refusals = hub.httpRefusals
        api = _Folder(refusals)
        api.putChild(b"publish", Publishing(hub, token))
        root = _Folder(refusals)
        root.putChild(b"api", api)
        root.putChild(b"healthz", Health())
        root.putChild(b"readyz", Health(hub))
        limits = hub.limits
        more = {"timeout": _SILENT_SECONDS, "takesForms": False, "log": hub.peerLog}
        super().__init__(root, limits.messageBytes, limits, hub.counters, hub.clock, **more)
        self.tooLong = asBody(tooBig(limits.messageBytes))

    def log(self, request: Any) -> None:
        """
        Log nothing here: L{Publishing} logs each publish and each refusal.
        """


class _Folder(Resource):
    """
    Has children, and refuses every other path in JSON.
    """

    def __init__(self, refusals: HTTPRefusals) -> None:
        super().__init__()
        self._refusals = refusals

    def getChild(self, path: bytes, request: Any) -> Any:
        return _Nothing(self._refusals)

    def render(self, request: Any) -> bytes:
        return refuse(self._refusals, request, PeerError("path.unknown", "There is nothing here."))


class _Nothing(_Folder):
    isLeaf = True
