"""
What proxies say of a peer.
"""

import pytest

from ratchet_tx.forwarded import Asker, readForwarded

PROXY = Asker("10.0.0.1", False, "inner:8080")

HEADERS = {
    "x-forwarded-for": "6.6.6.6, 192.0.2.7, 10.0.0.2",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "example.org",
}


@pytest.mark.parametrize(
    ("hops", "address"),
    [(1, "10.0.0.2"), (2, "192.0.2.7"), (3, "6.6.6.6"), (4, "6.6.6.6")],
)
def test_hops(hops: int, address: str) -> None:
    """Of the addresses, that counts which the outermost of our proxies has added; what stands before, anybody may write."""
    assert readForwarded(PROXY, HEADERS, hops) == Asker(address, True, "example.org")


def test_notTrusted() -> None:
    """Without proxies of ours, such headers are a stranger's words."""
    assert readForwarded(PROXY, HEADERS, 0) == PROXY


def test_nothingSaid() -> None:
    """What a proxy doesn't say is as the socket and the request tell it."""
    assert readForwarded(PROXY, {}, 1) == PROXY
    assert readForwarded(PROXY._replace(secure=True), {"x-forwarded-for": "::1"}, 1) == Asker("::1", True, "inner:8080")


@pytest.mark.parametrize("said", ["unknown", "1.2.3.4:80", "1.2.3", "", "a,"])
def test_noAddress(said: str) -> None:
    """What is no IP address is none."""
    assert readForwarded(PROXY, {"x-forwarded-for": said}, 1).address == "10.0.0.1"


@pytest.mark.parametrize(
    ("said", "secure"), [("http", False), ("HTTPS", True), ("wss", True), ("http, https", True), ("x", False)]
)
def test_protocols(said: str, secure: bool) -> None:
    """A proxy that ends TLS says so."""
    assert readForwarded(PROXY, {"x-forwarded-proto": said}, 1).secure is secure
