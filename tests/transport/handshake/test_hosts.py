"""
The names under which the server may be requested.
"""

import pytest

from ratchet_tx import UsageError
from ratchet_tx.transport.handshake.hosts import Hosts


def test_any() -> None:
    """Without names every name is allowed."""
    assert Hosts().permit("whatever:80")


@pytest.mark.parametrize("host", ["example.org", "EXAMPLE.org:8080", "127.0.0.1:80", "[::1]:8080", "[::1]"])
def test_allowed(host: str) -> None:
    """An allowed name matches in any case, and with any port."""
    assert Hosts(["Example.org", "127.0.0.1", "[::1]"]).permit(host)


@pytest.mark.parametrize("host", ["", "evil.example", "example.org.evil.example", "example.org:x", "sub.example.org", "::1"])
def test_others(host: str) -> None:
    """Any other name is refused: another site may point its name at this server."""
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
    """Addresses and internationalized names match as browsers write them."""
    assert Hosts([name]).permit(host)


@pytest.mark.parametrize(
    "name",
    ["", "example.org:80", "http://example.org", "[::1]:80", "*", "*.example.org", "exa mple.org", "[::1", "a/b", "ü b"],
)
def test_noName(name: str) -> None:
    """A name that is invalid, or has a port, is an error that says so."""
    with pytest.raises(UsageError, match="without a port"):
        Hosts([name])
