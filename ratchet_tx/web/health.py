"""
Health checks: whether the server lives, and whether it takes connections.
"""

from typing import Any

from twisted.web.resource import Resource

from ratchet_tx.hub.hub import Hub


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
        request.setResponseCode(200 if good else 503)
        request.setHeader(b"cache-control", b"no-store")
        request.setHeader(b"content-type", b"text/plain; charset=utf-8")
        body = b"ok\n" if good else b"stopping\n"
        request.setHeader(b"content-length", b"%d" % len(body))
        return b"" if request.method == b"HEAD" else body
