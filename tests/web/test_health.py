"""
The health checks.
"""

from twisted.internet.task import Clock
from twisted.web.resource import Resource
from twisted.web.server import Site

from ratchet_tx.web.health import Health
from tests.kit.ends import Wire
from tests.kit.fakes import Peer, logged, startedHub


def test_health() -> None:
    """C{/healthz} says that the server runs, C{/readyz} whether it accepts peers; there is nothing below them."""
    hub = startedHub()
    root = Resource()
    root.putChild(b"healthz", Health())
    root.putChild(b"readyz", Health(hub))
    wire = Wire(Site(root, reactor=Clock()))
    assert wire.get("/healthz")[::2] == wire.get("/readyz")[::2] == (200, b"ok\n")
    Peer(hub)
    hub.stopService()
    assert wire.get("/healthz")[::2] == (200, b"ok\n")
    status, head, body = wire.get("/readyz")
    assert (status, body) == (503, b"stopping\n")
    assert "Cache-Control: no-store" in head
    assert wire.get("/readyz/x")[0] == 404


def test_head() -> None:
    """A HEAD gets the status alone."""
    root = Resource()
    root.putChild(b"", Health())
    wire = Wire(Site(root, reactor=Clock()))
    with logged() as lines:
        wire.send(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    head, _, body = wire.receive().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"Content-Length: 3" in head
    assert body == b""
    assert not any("Warning" in line for line in lines)
