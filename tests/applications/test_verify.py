"""
Checking that objects provide interfaces.
"""

import pytest
from zope.interface import Attribute, Interface, implementer

from ratchet_tx import UsageError
from ratchet_tx.applications.verify import requireImplemented, requireProvided


class IDuck(Interface):
    """A duck."""

    name = Attribute("What it is called.")

    def quack(loudly: bool) -> None:
        """Quack."""


@implementer(IDuck)
class Duck:
    name = "Donald"

    def quack(self, loudly: bool) -> None:
        pass


@implementer(IDuck)
class Mute:
    secret = "sesame"

    def __repr__(self) -> str:
        return f"<Mute {self.secret}>"


@implementer(IDuck)
class Shy:
    name = "Daisy"

    def quack(self) -> None:
        pass


class NoDuck:
    name = "x"


def test_good() -> None:
    """An object that provides the interface is returned."""
    duck = Duck()
    assert requireProvided(IDuck, duck) is duck
    requireImplemented(IDuck, Duck)


def test_undeclared() -> None:
    """A class without C{@implementer} is an error that says to add it."""
    for check in (lambda: requireProvided(IDuck, NoDuck()), lambda: requireImplemented(IDuck, NoDuck)):
        with pytest.raises(
            UsageError, match=r"^NoDuck does not provide IDuck: put @implementer\(IDuck\) above the class\.$"
        ):
            check()


def test_lacking() -> None:
    """An error names all missing parts, and doesn't show the object's repr."""
    with pytest.raises(UsageError, match=r"^Mute does not provide all of IDuck: it has no name, it has no quack\.$"):
        requireProvided(IDuck, Mute())


def test_otherArguments() -> None:
    """A method with other arguments is named, with what is wrong."""
    for check in (lambda: requireProvided(IDuck, Shy()), lambda: requireImplemented(IDuck, Shy)):
        with pytest.raises(
            UsageError, match=r"^Shy does not provide all of IDuck: quack: implementation doesn't allow enough"
        ):
            check()
