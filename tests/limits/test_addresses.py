"""
Connections counted by IP address.
"""

import pytest

from ratchet_tx.limits.addresses import Addresses

HERE = "8.8.4.4"


def test_most() -> None:
    """An address may have so many connections; one that ends makes room, and other addresses don't count."""
    addresses = Addresses(2, 0, everywhere=False)
    for _ in range(2):
        assert not addresses.reached(HERE, stranger=False)
        addresses.add(HERE, stranger=False)
    assert addresses.reached(HERE, stranger=False)
    assert not addresses.reached("8.8.8.8", stranger=False)
    addresses.remove(HERE, stranger=False)
    assert not addresses.reached(HERE, stranger=False)


def test_strangers() -> None:
    """So many of them may be strangers; one that logs in or ends is a stranger no longer."""
    addresses = Addresses(0, 2, everywhere=False)
    for _ in range(2):
        addresses.add(HERE, stranger=True)
    assert addresses.reached(HERE, stranger=True)
    assert not addresses.reached(HERE, stranger=False)
    addresses.loggedIn(HERE)
    assert not addresses.reached(HERE, stranger=True)
    addresses.add(HERE, stranger=True)
    assert addresses.reached(HERE, stranger=True)
    addresses.remove(HERE, stranger=True)
    assert not addresses.reached(HERE, stranger=True)


def test_nothingIsLeft() -> None:
    """Nothing is kept of an address once its connections are gone."""
    addresses = Addresses(5, 5, everywhere=False)
    for stranger in (True, False):
        addresses.add(HERE, stranger)
        addresses.remove(HERE, stranger)
    assert not addresses._connections
    assert not addresses._strangers


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "fd00::1", "unix"])
def test_private(address: str) -> None:
    """A private address may be a proxy's, so it has no limit, unless proxies tell the peers' addresses."""
    for everywhere in (False, True):
        addresses = Addresses(1, 1, everywhere)
        addresses.add(address, stranger=True)
        assert bool(addresses.reached(address, stranger=True)) is everywhere


def test_network() -> None:
    """All addresses of one /64 count as one."""
    addresses = Addresses(2, 1, everywhere=False)
    addresses.add("2a00:1450:4001:80b::1", stranger=True)
    assert addresses.reached("2a00:1450:4001:80b::2", stranger=True)
    assert not addresses.reached("2a00:1450:4001:80c::2", stranger=True)
    addresses.loggedIn("2a00:1450:4001:80b:ffff::1")
    addresses.add("2a00:1450:4001:80b::2", stranger=False)
    assert addresses.reached("2a00:1450:4001:80b::3", stranger=False)
    for last in (1, 2):
        addresses.remove(f"2a00:1450:4001:80b::{last}", stranger=False)
    assert not addresses._connections
    assert not addresses._strangers


def test_mapped() -> None:
    """An IPv4 address that a dual-stack socket shows as IPv6 counts as IPv4."""
    addresses = Addresses(1, 0, everywhere=False)
    addresses.add("::ffff:8.8.4.4", stranger=False)
    assert addresses.reached("8.8.4.4", stranger=False)
