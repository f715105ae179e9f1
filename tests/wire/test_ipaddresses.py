"""
Reading IP addresses, counting them by subscriber, and telling public from private ones.
"""

import pytest

from ratchet_tx.wire.ipaddresses import isAddress, isPublic, subscriberOf


@pytest.mark.parametrize("address", ["8.8.4.4", "2a00:1450:4001:80b::1", "::ffff:8.8.4.4"])
def test_public(address: str) -> None:
    """Addresses of the internet are public."""
    assert isPublic(address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "fd00::1", "unix", "::ffff:10.0.0.1", "::ffff:127.0.0.1"]
)
def test_private(address: str) -> None:
    """Addresses of a machine or a private network are not public, nor is other text."""
    assert not isPublic(address)


@pytest.mark.parametrize(
    ("address", "subscriber"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::FFFF:CB00:7107", "203.0.113.7"),
        ("64:ff9b::203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_subscriberOf(address: str, subscriber: str) -> None:
    """An IPv4 address counts by itself, in any notation; an IPv6 address counts by its /64."""
    assert subscriberOf(address) == subscriber


@pytest.mark.parametrize("text", ["fe80::1%eth0", "fe80::1%3", "fe80::1%wlp0s20f3.42", "::", "0.0.0.0"])
def test_addresses(text: str) -> None:
    """A link-local address may name its interface."""
    assert isAddress(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "fe80::1%junk text",
            "fe80::1%",
            "fe80::1%a\n",
            "fe80::1%" + "e" * 16,
            "2001:db8::1%eth0",
            "127.0.0.1%lo",
            "fe80::1%%25",
        ),
        *("1.2.3", "1.2.3.4:80", "[::1]", "010.1.1.1", " 1.2.3.4", "1.2.3.4\n", "unix", "", "%eth0", "\u0661.2.3.4"),
    ],
)
def test_noAddress(text: str) -> None:
    """Other texts are no addresses."""
    assert not isAddress(text)
