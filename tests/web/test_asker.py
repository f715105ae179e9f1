"""
The peer of a page's request, by the socket and by trusted proxies' headers.
"""

import pytest
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.web.test.requesthelper import DummyRequest

from ratchet_tx.transport.handshake.forwarded import Asker
from ratchet_tx.web.asker import askerOf, forwardedHeaders


def asking(peer: object = None, secure: bool = False, **headers: list[bytes]) -> DummyRequest:
    """
    Make a request for a page.
    """
    request = DummyRequest([b""])
    request.client = peer or IPv4Address("TCP", "192.0.2.7", 5000)
    request.isSecure = lambda: secure
    for name, values in headers.items():
        request.requestHeaders.setRawHeaders(name.replace("_", "-").encode(), values)
    return request


@pytest.mark.parametrize("secure", [False, True])
def test_socket(secure: bool) -> None:
    """Without trusted proxies the socket tells the peer, whatever the headers say."""
    request = asking(secure=secure, host=[b"x:1"], x_forwarded_host=[b"y"], x_forwarded_proto=[b"https"])
    assert askerOf(request, 0) == Asker("192.0.2.7", secure, "x:1")


def test_proxy() -> None:
    """As many of the proxies' entries count as proxies are trusted."""
    said = {"host": [b"inner"], "x_forwarded_host": [b"example.org"], "x_forwarded_proto": [b"https"]}
    request = asking(x_forwarded_for=[b"203.0.113.9, 198.51.100.1", b"198.51.100.2"], **said)
    assert askerOf(request, 1) == Asker("198.51.100.2", True, "example.org")
    assert askerOf(request, 2).address == "198.51.100.1"


def test_withoutHost() -> None:
    """A request without a Host has a blank one, and the peer of a UNIX socket has no address."""
    assert askerOf(asking(UNIXAddress(b"/run/x")), 0) == Asker("unix", False, "")


def test_headers() -> None:
    """Only these headers are read; several of one name are joined in order."""
    request = asking(host=[b"x"], cookie=[b"secret"], x_forwarded_for=[b"a", b"b"], forwarded=[b"for=\xff"])
    assert forwardedHeaders(request) == {"host": "x", "x-forwarded-for": "a, b", "forwarded": "for=\xff"}
