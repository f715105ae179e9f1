"""
Health checks: whether the server runs, and whether it accepts connections.
"""

from typing import Any

from twisted.web.resource import Resource

from ratchet_tx.hub.hub import Hub
from ratchet_tx.web.responses import respondText


class Health(Resource):
    """
    Serves C{/healthz}, which says that the process runs, or C{/readyz}, which says whether the hub accepts peers.

    @param hub: the hub; None for C{/healthz}
    """

    def __init__(self, hub: Hub | None = None) -> None:
        super().__init__()
        self._hub = hub

    def render_GET(self, request: Any) -> bytes:
        """
        Respond with one word, and 200 or 503.
        """
        good = self._hub is None or bool(self._hub.running)
        return respondText(request, 200, "ok\n") if good else respondText(request, 503, "stopping\n")
