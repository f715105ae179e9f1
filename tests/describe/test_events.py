"""
The registered events, and what their handlers' annotations say.
"""

from functools import partial
from typing import Any

import msgspec
import pytest
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ratchet_tx import Applications, ConnectionEvent, IApplication, IClient, UsageError, on
from ratchet_tx.describe.events import findRegistered
from ratchet_tx.describe.schemas import EventType


class Point(msgspec.Struct):
    x: int


class IModerator(IClient):
    """
    A client that may do more.
    """


class IOwner(IClient):
    """
    A client that may do everything.
    """


class Shared:
    @on("move", "jump")
    def move(self, event: ConnectionEvent[Point]) -> list[int]:
        """
        Moves it.

        And more, which is for who reads the code.
        """
        return []

    @on("any")
    def any(self, event: Any) -> Any: ...

    @on("socket.open")
    def opened(self, event: Any) -> None: ...


class Made:
    def __init__(self, client: Any, connection: Any) -> None:
        self.client = client

    @on("ban")
    def ban(self, event: ConnectionEvent[str]) -> "Deferred[bool]":
        raise NotImplementedError


@implementer(IApplication)
class Named:
    def __init__(self, client: Any, connection: Any) -> None:
        self.client = client

    def subscribedEvents(self) -> Any:
        return {"named": self.named, "partial": partial(self.named, again=1)}

    def named(self, event: ConnectionEvent[int], again: int = 0) -> None:
        """Is named."""


@implementer(IApplication)
class Asking(Named):
    def subscribedEvents(self) -> Any:
        return {"asked": self.named} if self.client else {}


def make(client: Any, connection: Any) -> Made | None: ...
def makeSomething(client: Any, connection: Any): ...  # type: ignore[no-untyped-def]
def makeUnknown(client: Any, connection: Any) -> "Nothing": ...  # type: ignore[name-defined]  # noqa: F821


def find(applications: Applications) -> dict[str, EventType]:
    registered = findRegistered(applications)
    assert registered.unseen == ()
    assert [each.event for each in registered.events] == sorted({each.event for each in registered.events})
    return {each.event: each for each in registered.events}


def test_shared() -> None:
    """Each event of a shared application is found, with its types and its docstring's first paragraph; C{socket.*} isn't."""
    applications = Applications()
    applications.add(Shared())
    move = EventType("move", ((Point,),), (list[int],), "Moves it.")
    assert find(applications) == {"move": move, "jump": move._replace(event="jump"), "any": EventType("any")}


@pytest.mark.parametrize("factory", [Made, make])
def test_madeForEach(factory: Any) -> None:
    """Events of an application that is made for each connection are found by its class, with the clients that have them."""
    applications = Applications()
    applications.register(factory, client=IModerator)
    name = f"{__name__}.IModerator"
    assert find(applications) == {"ban": EventType("ban", ((str,),), (bool,), only=(name,))}


def test_subscribedEvents() -> None:
    """The events of a class with C{subscribedEvents} are found without making an object of it."""
    applications = Applications()
    applications.register(Named)
    named = EventType("named", ((int,),), (type(None),), "Is named.")
    assert find(applications) == {"named": named, "partial": named._replace(event="partial", about="")}


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        (Asking, "Asking.subscribedEvents() needs a connection (AttributeError)."),
        (makeSomething, "its result's class is unknown: annotate the function, -> TheClass."),
        (makeUnknown, "its result's class is unknown: annotate the function, -> TheClass."),
        (lambda client, connection: None, "its result's class is unknown: annotate the function, -> TheClass."),
    ],
)
def test_unexaminable(factory: Any, said: str) -> None:
    """An application that can't be examined is named, and the others are found all the same."""
    applications = Applications()
    applications.add(Shared())
    applications.register(factory, name="odd")
    registered = findRegistered(applications)
    assert registered.unseen == (f"odd: {said}",)
    assert len(registered.events) == 3


class Also:
    @on("move")
    def move(self, event: ConnectionEvent[dict[str, int]]) -> None:
        """Also does something."""

    @on("any")
    def any(self, event: ConnectionEvent[int]) -> int:
        raise NotImplementedError


def test_severalHandlers() -> None:
    """An event with several applications has data that matches all of their types, and the result of any of them."""
    applications = Applications()
    applications.add(Shared())
    applications.add(Also())
    found = find(applications)
    kinds = ((dict[str, int],), (Point,))
    assert found["move"] == EventType("move", kinds, (list[int],), "Also does something.\n\nMoves it.")
    assert found["any"] == EventType("any", ((int,),), (int, Any))


def test_registrationsByClient() -> None:
    """Where registrations of one name differ by client, the data may match either type."""
    applications = Applications()
    applications.register(Made, name="made", client=IModerator)
    applications.register(Named, name="made", client=IOwner)
    assert find(applications)["ban"].only == (f"{__name__}.IModerator",)

    class Mine(Made):
        @on("ban")
        def ban(self, event: ConnectionEvent[int]) -> str: ...  # type: ignore[empty-body, override]

    applications = Applications(bases=[applications])
    applications.register(Mine, name="made", client=IOwner)
    found = find(applications)
    names = (f"{__name__}.IModerator", f"{__name__}.IOwner")
    assert found == {"ban": EventType("ban", ((str, int),), (bool, str), only=names)}
    applications.register(Mine, name="for all")
    assert find(applications)["ban"].only == ()


class Wrong:
    def __init__(self, client: Any, connection: Any) -> None: ...

    @on("wrong")
    def wrong(self, event: "ConnectionEvent[Nothing]") -> None: ...  # type: ignore[name-defined]  # noqa: F821


def test_missingTypes() -> None:
    """A type that can't be found is an error, as at registration."""
    applications = Applications()
    applications.register(lambda client, connection: None, name="x")

    def makeWrong(client: Any, connection: Any) -> Wrong:
        raise NotImplementedError

    applications.register(makeWrong)
    with pytest.raises(UsageError, match="'wrong' wants a type that can't be found"):
        findRegistered(applications)
