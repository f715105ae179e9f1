"""
Health checks: whether the server lives, and whether it takes connections.
"""

from typing import Any

from twisted.web.resource import Resource

from ratchet_tx.hub.hub import Hub
from ratchet_tx.web.responses import respondText


class Health(Resource):
    """
    C{/healthz} says that the process lives, C{/readyz} whether the hub takes peers in.

    @param hub: what is asked about; None for what lives as long as it can answer
    """

    def __init__(self, hub: Hub | None = None) -> None:
        super().__init__()
        self._hub = hub

    def render_GET(self, request: Any) -> bytes:
        """
        Answer in one word, and by the status.
        """
        good = self._hub is None or bool(self._hub.running)
        return respondText(request, 200, "ok\n") if good else respondText(request, 503, "stopping\n")
