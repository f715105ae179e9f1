"""
Importing objects by dotted names; how the operator sees errors is in the command line's tests.
"""

from pathlib import Path

import pytest
from zope.interface import implementer

from ratchet_tx import Applications, IClientProvider, UsageError
from ratchet_tx.server.dottednames import addApplication, named, naming
from tests.applications.test_registry import Asked, Chat
from tests.kit.fakes import FakeProvider

one = Chat()
two = FakeProvider(sesame="ada")


def several(applications: Applications) -> None:
    applications.add(Chat(), name="one")
    applications.add(Chat(), name="two")


@implementer(IClientProvider)
class Broken:
    """
    Can't be made.
    """

    def __init__(self) -> None:
        raise OSError("no database")


@pytest.mark.parametrize(
    ("name", "times"),
    [("applications.test_registry.Chat", 1), ("server.test_dottednames.one", 1), ("server.test_dottednames.several", 2)],
)
def test_applications(name: str, times: int) -> None:
    """An application is named by its class, as an object, or by a function that registers several."""
    applications = Applications()
    addApplication(applications, f"tests.{name}")
    assert Asked(applications).results("chat.send") == ["sent"] * times


def test_objects() -> None:
    """An object is used as it is, and a class is called."""
    assert named("provider", "tests.server.test_dottednames.two", IClientProvider) is two
    assert isinstance(named("provider", "tests.kit.fakes.FakeProvider", IClientProvider), FakeProvider)


def test_failures() -> None:
    """A failure names the option, the dotted name, and the line of the author's code."""
    with pytest.raises(UsageError) as raised:
        named("provider", "tests.server.test_dottednames.Broken", IClientProvider)
    line = 1 + Path(__file__).read_text().splitlines().index('        raise OSError("no database")')
    assert (
        str(raised.value) == f"provider tests.server.test_dottednames.Broken: OSError: no database ({__file__}, line {line})"
    )


def test_missing() -> None:
    """A name of a missing module or attribute is an error that says so."""
    for name, said in (
        ("nowhere.x", "no module 'nowhere'"),
        ("tests.kit.fakes.nobody", "no attribute 'nobody'"),
        ("", ": "),
    ):
        with pytest.raises(UsageError, match=f"^application {name}: .*{said}" if name else "^application : "):
            addApplication(Applications(), name)


def test_usageErrors() -> None:
    """A UsageError keeps its text, after the option and the name."""
    with pytest.raises(UsageError, match=r"^timer x\.y: too fast$"), naming("timer", "x.y"):
        raise UsageError("too fast")
