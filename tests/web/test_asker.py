"""
Who asks for a page, by the socket and by what trusted proxies say.
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
    """Without proxies it is the socket that says who asks, whatever the headers say."""
    request = asking(secure=secure, host=[b"x:1"], x_forwarded_host=[b"y"], x_forwarded_proto=[b"https"])
    assert askerOf(request, 0) == Asker("192.0.2.7", secure, "x:1")


def test_proxy() -> None:
    """Of what proxies say, as much counts as there are trusted ones."""
    said = {"host": [b"inner"], "x_forwarded_host": [b"example.org"], "x_forwarded_proto": [b"https"]}
    request = asking(x_forwarded_for=[b"203.0.113.9, 198.51.100.1", b"198.51.100.2"], **said)
    assert askerOf(request, 1) == Asker("198.51.100.2", True, "example.org")
    assert askerOf(request, 2).address == "198.51.100.1"


def test_withoutHost() -> None:
    """Who names no Host asks for none, and a peer behind a UNIX socket has no address."""
    assert askerOf(asking(UNIXAddress(b"/run/x")), 0) == Asker("unix", False, "")


def test_headers() -> None:
    """Only what decides on who asks is read; several headers of one name are one, in their order."""
    request = asking(host=[b"x"], cookie=[b"secret"], x_forwarded_for=[b"a", b"b"], forwarded=[b"for=\xff"])
    assert forwardedHeaders(request) == {"host": "x", "x-forwarded-for": "a, b", "forwarded": "for=\xff"}
