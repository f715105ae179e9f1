"""
How many come from one address.
"""

import pytest

from ratchet_tx.addresses import Addresses, counted, isAddress, isPublic

HERE = "8.8.4.4"


def test_most() -> None:
    """So many may come from an address; who goes makes room, and other addresses have nothing to do with it."""
    addresses = Addresses(2, 0, everywhere=False)
    for _ in range(2):
        assert addresses.permit(HERE, stranger=False)
        addresses.add(HERE, stranger=False)
    assert not addresses.permit(HERE, stranger=False)
    assert addresses.permit("8.8.8.8", stranger=False)
    addresses.remove(HERE, stranger=False)
    assert addresses.permit(HERE, stranger=False)


def test_strangers() -> None:
    """So many of them may be strangers; who logs in or goes is none any more."""
    addresses = Addresses(0, 2, everywhere=False)
    for _ in range(2):
        addresses.add(HERE, stranger=True)
    assert not addresses.permit(HERE, stranger=True)
    assert addresses.permit(HERE, stranger=False)
    addresses.know(HERE)
    assert addresses.permit(HERE, stranger=True)
    addresses.add(HERE, stranger=True)
    assert not addresses.permit(HERE, stranger=True)
    addresses.remove(HERE, stranger=True)
    assert addresses.permit(HERE, stranger=True)


def test_nothingIsLeft() -> None:
    """Of who has gone nothing is remembered."""
    addresses = Addresses(5, 5, everywhere=False)
    for stranger in (True, False):
        addresses.add(HERE, stranger)
        addresses.remove(HERE, stranger)
    assert not addresses._connections
    assert not addresses._strangers


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "fd00::1", "unix"])
def test_private(address: str) -> None:
    """Behind a private address there may be a proxy, so it has no limit, unless proxies tell for whom they speak."""
    assert not isPublic(address)
    for everywhere in (False, True):
        addresses = Addresses(1, 1, everywhere)
        addresses.add(address, stranger=True)
        assert addresses.permit(address, stranger=True) is not everywhere


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
def test_counted(address: str, subscriber: str) -> None:
    """A subscriber is one IPv4 address, whichever way it is written, or 64 bits of an IPv6 address."""
    assert counted(address) == subscriber


def test_network() -> None:
    """Who takes another address out of the same /64 is counted with the first, and gone with it."""
    addresses = Addresses(2, 1, everywhere=False)
    addresses.add("2a00:1450:4001:80b::1", stranger=True)
    assert not addresses.permit("2a00:1450:4001:80b::2", stranger=True)
    assert addresses.permit("2a00:1450:4001:80c::2", stranger=True)
    addresses.know("2a00:1450:4001:80b:ffff::1")
    addresses.add("2a00:1450:4001:80b::2", stranger=False)
    assert not addresses.permit("2a00:1450:4001:80b::3", stranger=False)
    for last in (1, 2):
        addresses.remove(f"2a00:1450:4001:80b::{last}", stranger=False)
    assert not addresses._connections
    assert not addresses._strangers


def test_mapped() -> None:
    """A socket for both protocols shows IPv4 as IPv6: it counts as what it is, and is as private."""
    addresses = Addresses(1, 0, everywhere=False)
    addresses.add("::ffff:8.8.4.4", stranger=False)
    assert not addresses.permit("8.8.4.4", stranger=False)
    assert not isPublic("::ffff:10.0.0.1")
    assert not isPublic("::ffff:127.0.0.1")


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
    """Whatever else stands for an address is none."""
    assert not isAddress(text)
