"""
The interfaces: each is documented for its implementers.
"""

import re
from inspect import getmembers
from typing import Any

import pytest
from zope.interface import Attribute
from zope.interface.interface import InterfaceClass, Method

from ratchet_tx import interfaces

EVERY = [
    each for _, each in getmembers(interfaces) if isinstance(each, InterfaceClass) and each.__module__ == interfaces.__name__
]
MEMBERS = [(interface, name, interface[name]) for interface in EVERY for name in interface.names()]


def named(value: Any) -> str | None:
    return value.__name__ if isinstance(value, InterfaceClass) else value if isinstance(value, str) else None


def test_every() -> None:
    """There are thirteen interfaces, and each one's name says that it is one."""
    assert len(EVERY) == 13
    assert all(re.fullmatch("I[A-Z][A-Za-z]+", interface.__name__) for interface in EVERY)


@pytest.mark.parametrize("interface", EVERY, ids=named)
def test_interfacesSayWhy(interface: InterfaceClass) -> None:
    """Every interface says what it is for."""
    assert interface.__doc__.strip().endswith((".", ")."))


@pytest.mark.parametrize(("interface", "name", "member"), MEMBERS, ids=named)
def test_membersSayWhat(interface: InterfaceClass, name: str, member: Any) -> None:
    """Every method and every attribute is documented."""
    assert isinstance(member, Method | Attribute)
    assert (member.__doc__ or "").strip()


METHODS = [(interface, name, member) for interface, name, member in MEMBERS if isinstance(member, Method)]


@pytest.mark.parametrize(("interface", "name", "method"), METHODS, ids=named)
def test_noSelf(interface: InterfaceClass, name: str, method: Method) -> None:
    """Methods have no self."""
    assert "self" not in method.positional


@pytest.mark.parametrize(("interface", "name", "method"), METHODS, ids=named)
def test_onlyRealArgumentsAreExplained(interface: InterfaceClass, name: str, method: Method) -> None:
    """A method has every argument that it documents."""
    assert set(re.findall(r"@param (\w+):", method.__doc__ or "")) <= set(method.positional)
