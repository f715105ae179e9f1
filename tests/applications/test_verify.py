"""
Checking what authors give us.
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
    """What provides all is given back."""
    duck = Duck()
    assert requireProvided(IDuck, duck) is duck
    requireImplemented(IDuck, Duck)


def test_undeclared() -> None:
    """What doesn't say that it provides something is told how to say it."""
    for check in (lambda: requireProvided(IDuck, NoDuck()), lambda: requireImplemented(IDuck, NoDuck)):
        with pytest.raises(
            UsageError, match=r"^NoDuck does not provide IDuck: put @implementer\(IDuck\) above the class\.$"
        ):
            check()


def test_lacking() -> None:
    """What lacks something is told what, all at once, and its repr isn't shown."""
    with pytest.raises(UsageError, match=r"^Mute does not provide all of IDuck: it has no name, it has no quack\.$"):
        requireProvided(IDuck, Mute())


def test_otherArguments() -> None:
    """A method that takes other arguments is named, with what is wrong about it."""
    for check in (lambda: requireProvided(IDuck, Shy()), lambda: requireImplemented(IDuck, Shy)):
        with pytest.raises(
            UsageError, match=r"^Shy does not provide all of IDuck: quack: implementation doesn't allow enough"
        ):
            check()
