"""
How many come from one address.
"""

import pytest

from ratchet_tx.addresses import Addresses, isPublic

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
