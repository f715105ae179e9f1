"""
By which names we may be called.
"""

import pytest

from ratchet_tx import UsageError
from ratchet_tx.transport.handshake.hosts import Hosts


def test_any() -> None:
    """Where no name is said, any will do."""
    assert Hosts().permit("whatever:80")


@pytest.mark.parametrize("host", ["example.org", "EXAMPLE.org:8080", "127.0.0.1:80", "[::1]:8080", "[::1]"])
def test_ours(host: str) -> None:
    """Our names are ours in any case, and with any port."""
    assert Hosts(["Example.org", "127.0.0.1", "[::1]"]).permit(host)


@pytest.mark.parametrize("host", ["", "evil.example", "example.org.evil.example", "example.org:x", "sub.example.org", "::1"])
def test_others(host: str) -> None:
    """Any other name is refused: a page of somebody else's may have its own name lead here."""
    assert not Hosts(["example.org", "[::1]"]).permit(host)


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("::1", "[::1]:8080"),
        ("2001:DB8:0::1", "[2001:db8::1]"),
        ("[2001:db8::1]", "[2001:DB8:0:0::1]:443"),
        ("münchen.example", "xn--mnchen-3ya.example:8080"),
        ("my_host", "my_host"),
    ],
)
def test_asBrowsersWriteThem(name: str, host: str) -> None:
    """An address or a name in letters of its own language is found as browsers write it."""
    assert Hosts([name]).permit(host)


@pytest.mark.parametrize(
    "name",
    ["", "example.org:80", "http://example.org", "[::1]:80", "*", "*.example.org", "exa mple.org", "[::1", "a/b", "ü b"],
)
def test_noName(name: str) -> None:
    """What isn't a name without a port is an error that says so."""
    with pytest.raises(UsageError, match="without a port"):
        Hosts([name])
