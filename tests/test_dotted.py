"""
What stands behind dotted names; what an operator reads where nothing does is in the command line's tests.
"""

from pathlib import Path

import pytest
from zope.interface import implementer

from ratchet_tx import Applications, IClientProvider, UsageError
from ratchet_tx.dotted import addApplication, named, naming
from tests.fakes import FakeProvider
from tests.test_applications import Asked, Chat

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
    ("name", "times"), [("test_applications.Chat", 1), ("test_dotted.one", 1), ("test_dotted.several", 2)]
)
def test_applications(name: str, times: int) -> None:
    """An application is named by its class, as an object, or by a function that registers several."""
    applications = Applications()
    addApplication(applications, f"tests.{name}")
    assert Asked(applications).results("chat.send") == ["sent"] * times


def test_objects() -> None:
    """An object is taken as it is, and a class is called."""
    assert named("provider", "tests.test_dotted.two", IClientProvider) is two
    assert isinstance(named("provider", "tests.fakes.FakeProvider", IClientProvider), FakeProvider)


def test_whatFails() -> None:
    """What fails is told with the option, the name, and the line of the author's code."""
    with pytest.raises(UsageError) as raised:
        named("provider", "tests.test_dotted.Broken", IClientProvider)
    line = 1 + Path(__file__).read_text().splitlines().index('        raise OSError("no database")')
    assert str(raised.value) == f"provider tests.test_dotted.Broken: OSError: no database ({__file__}, line {line})"


def test_whatIsNotThere() -> None:
    """A name that stands for nothing is told so."""
    for name, said in (("nowhere.x", "no module 'nowhere'"), ("tests.fakes.nobody", "no attribute 'nobody'"), ("", ": ")):
        with pytest.raises(UsageError, match=f"^application {name}: .*{said}" if name else "^application : "):
            addApplication(Applications(), name)


def test_wordsOfOurOwn() -> None:
    """What we say ourselves of a mistake is said as it is, with the option and the name."""
    with pytest.raises(UsageError, match=r"^timer x\.y: too fast$"), naming("timer", "x.y"):
        raise UsageError("too fast")
