"""
A port in memory that serves pages, for tests of how a site uses twisted.web.
"""

from typing import Any

from twisted.web.resource import Resource

from ratchet_tx import Hub, Settings, makeService
from tests.kit.ends import MemoryReactor, Wire
from tests.kit.fakes import logged


class Uploads(Resource):
    """
    Replies with the length of the request's body.
    """

    isLeaf = True

    def render_POST(self, request: Any) -> bytes:
        return f"{len(request.content.read())} bytes".encode()


class Port:
    """
    A port in memory that accepts bodies of up to 1000 bytes by default.
    """

    def __init__(self, pages: Any = None, **arguments: Any) -> None:
        self.reactor = MemoryReactor()
        self.hub = Hub(clock=self.reactor)
        makeService(
            Settings(), self.hub, pages or Uploads(), self.reactor, **{"bodyBytes": 1000, **arguments}
        ).startService()
        self.factory = self.reactor.tcpServers[0][1]

    def post(self, headers: str, *pieces: bytes) -> Wire:
        wire = Wire(self.factory)
        with logged():
            wire.send(f"POST /up HTTP/1.1\r\nHost: localhost:8080\r\n{headers}\r\n\r\n".encode())
            for piece in pieces:
                wire.send(piece)
        return wire


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


REFUSED = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


CHUNKED = "Transfer-Encoding: chunked"


def later(port: Port, first: bytes = b"GET /a HTTP/1.1\r\nHost: localhost:8080\r\n\r\n") -> Wire:
    """
    Send one request and read its response, and keep the connection.
    """
    wire = Wire(port.factory)
    with logged():
        wire.send(first)
    assert wire.receive().startswith(b"HTTP/1.")
    port.reactor.advance(0)
    return wire


FIRST = {
    "get": b"GET /a HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
    "health": b"GET /readyz HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
    "head": b"HEAD /readyz HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
    "post": b"POST /a HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 3\r\n\r\nabc",
    "chunked": b"POST /a HTTP/1.1\r\nHost: localhost:8080\r\nTransfer-Encoding: chunked\r\n\r\n"
    + chunk(b"abc")
    + chunk(b""),
    "two": b"GET /a HTTP/1.1\r\nHost: localhost:8080\r\n\r\n" * 2,
}
