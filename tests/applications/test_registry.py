"""
The registered applications, and which of their events each client may use.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from zope.interface import implementer
from zope.interface.registry import Components

from ratchet_tx import Applications, UsageError, on
from ratchet_tx.connections.connection import Connection
from ratchet_tx.interfaces import IApplication, IClient, IConnection
from tests.kit.fakes import FakeClient, Peer, logged, startedHub


class IModerator(IClient):
    """
    Who may do more.
    """


@implementer(IModerator)
class Moderator(FakeClient):
    """
    A client that is a moderator.
    """


class Chat:
    """
    An application with marked methods.
    """

    @on("chat.send")
    def send(self, event: Any) -> str:
        return "sent"

    @on("chat.typing", ordered=False)
    @on("chat.seen", "socket.open")
    def note(self, event: Any) -> str:
        return "noted"


@implementer(IApplication)
class Saying:
    """
    An application with any events.
    """

    def __init__(self, subscribed: Any) -> None:
        self.subscribed = subscribed

    def subscribedEvents(self) -> Any:
        return self.subscribed


def naming(*events: str, gives: Any = None) -> Saying:
    return Saying(dict.fromkeys(events, lambda event: gives))


@implementer(IApplication)
class Moderation:
    """
    An application that is made for each connection.
    """

    def __init__(self, client: Any, connection: Any) -> None:
        self.client, self.connection = client, connection

    def subscribedEvents(self) -> dict[str, Callable[[Any], Any]]:
        return {"moderation.kick": lambda event: self}


class Asked:
    """
    The table of a client.
    """

    def __init__(self, applications: Applications, client: Any = None, stranger: bool = False) -> None:
        self.connection = Peer(startedHub()).connection
        self.table = applications.table(None if stranger else client or FakeClient("ada"), self.connection)

    @property
    def events(self) -> list[str]:
        return sorted(self.table.wire)

    def results(self, event: str) -> list[Any]:
        return [listener.call(None) for listener in (self.table.wire.get(event) or self.table.own[event]).listeners]


def adding(*all: Any) -> Applications:
    applications = Applications()
    for application in all:
        applications.add(application)
    return applications


class TestMarks:
    """
    Methods that are marked as handlers.
    """

    def test_severalEvents(self) -> None:
        """A method may handle several events, named together or one above the other."""
        asked = Asked(adding(Chat()))
        assert asked.events == ["chat.seen", "chat.send", "chat.typing"]
        assert list(asked.table.own) == ["socket.open"]
        assert asked.results("chat.seen") == asked.results("chat.typing") == asked.results("socket.open") == ["noted"]

    def test_ordered(self) -> None:
        """An event waits for the previous one unless all of its handlers are marked C{ordered=False} for it."""
        wire = Asked(adding(Chat())).table.wire
        assert {event: route.ordered for event, route in wire.items()} == {
            "chat.send": True,
            "chat.seen": True,
            "chat.typing": False,
        }

    def test_inherited(self) -> None:
        """A class inherits handlers, and may override them."""

        class Quiet(Chat):
            def send(self, event: Any) -> str:
                raise NotImplementedError

        assert Asked(adding(Quiet())).events == ["chat.seen", "chat.typing"]

    def test_sameEventTwice(self) -> None:
        """Two methods of one application can't handle the same event."""

        class Twice:
            @on("chat.send")
            def one(self, event: Any) -> str:
                return "one"

            @on("chat.send")
            def two(self, event: Any) -> str:
                return "two"

        with pytest.raises(UsageError, match=r"^Twice has two methods for 'chat\.send', one and two"):
            adding(Twice())


class TestAdding:
    """
    Objects that all connections share.
    """

    def test_byInterface(self) -> None:
        """An object that provides IApplication is added as it is."""
        assert Asked(adding(naming("chat.send", gives=5))).results("chat.send") == [5]

    def test_isEmpty(self) -> None:
        """C{isEmpty} says whether there is any application, those of base registries among them."""
        assert Applications().isEmpty()
        applications = adding(Chat())
        assert not applications.isEmpty()
        assert not Applications(bases=(Applications(bases=(applications,)),)).isEmpty()

    def test_registrations(self) -> None:
        """All registrations can be listed, those of base registries last."""
        below = Applications()
        below.add(Chat(), name="below")
        above = Applications(bases=(below,))
        above.add(Chat(), name="above")
        assert [each.name for each in above.registrations()] == ["above", "below"]

    def test_class(self) -> None:
        """Adding a class is an error that says to add an object, or to register the class."""
        with pytest.raises(UsageError, match=r"^Chat is a class: add an object, Chat\(\), or register the class\.$"):
            adding(Chat)

    @pytest.mark.parametrize("application", [object(), 5, None, lambda: None])
    def test_withoutHandlers(self, application: Any) -> None:
        """An object without a handler is an error that says what it could have."""
        with pytest.raises(UsageError, match=r"neither a method subscribedEvents\(\) nor one that is marked by @on"):
            adding(application)

    def test_undeclared(self) -> None:
        """A class without C{@implementer(IApplication)} is an error that says to add it."""

        class Undeclared:
            def subscribedEvents(self) -> dict[str, Any]:
                raise NotImplementedError

        for put in (lambda: adding(Undeclared()), lambda: Applications().register(Undeclared)):
            with pytest.raises(UsageError, match=r"^Undeclared does not provide IApplication: put @implementer\("):
                put()

    def test_wrongSignature(self) -> None:
        """An application whose handler takes other arguments is an error that names the handler."""

        @implementer(IApplication)
        class Wrong:
            def subscribedEvents(self, connection: Any) -> dict[str, Any]:
                raise NotImplementedError

        for put in (lambda: adding(Wrong()), lambda: Applications().register(Wrong)):
            with pytest.raises(UsageError, match=r"^Wrong does not provide all of IApplication: subscribedEvents: "):
                put()

    @pytest.mark.parametrize(
        ("subscribed", "complaint"),
        [
            (["chat.send"], "not list"),
            (None, "not NoneType"),
            ({"chat.send": "onSend"}, "The handler of 'chat.send' can't be called: 'onSend'"),
            ({"socket.reply": print}, "'socket.reply' can't be subscribed to"),
            ({"": print}, "The name of an event is"),
            ({5: print}, "The name of an event is"),
            ({"chat.send": lambda: None}, "The handler of 'chat.send' must take one argument"),
            ({"chat.send": lambda event, hub: None}, "The handler of 'chat.send' must take one argument"),
            ({"chat.send": lambda *, event: None}, "The handler of 'chat.send' must take one argument"),
        ],
    )
    def test_badSubscriptions(self, subscribed: Any, complaint: str) -> None:
        """Errors in an application's events are raised when it is added, not when a peer connects."""
        with pytest.raises(UsageError, match=complaint):
            adding(Saying(subscribed))

    @pytest.mark.parametrize("handler", [lambda event, more=1: None, lambda *events: None, print, max, dict])
    def test_goodHandlers(self, handler: Any) -> None:
        """A handler may be anything that can be called with an event, also without a signature."""
        assert Asked(adding(Saying({"x": handler}))).table.wire["x"].listeners[0].call is handler

    def test_duplicates(self) -> None:
        """Two applications for the same clients need two names."""
        applications = adding(naming("a"))
        with pytest.raises(
            UsageError, match=r"'tests\.applications\.test_registry\.Saying' already for these: give .* another name="
        ):
            applications.add(naming("b"))
        assert Asked(applications).events == ["a"]
        applications.add(naming("b"), name="other")
        applications.register(Moderation)
        with pytest.raises(UsageError, match=r"'tests\.applications\.test_registry\.Moderation' already for these"):
            applications.register(Moderation)
        applications.register(Moderation, client=IModerator)
        assert Asked(applications).events == ["a", "b", "moderation.kick"]


class TestRegistering:
    """
    Adapters for some clients or connections.
    """

    def test_madeForEachConnection(self) -> None:
        """An application is made for each connection, with its client."""
        applications, client = Applications(), FakeClient("ada")
        applications.register(Moderation)
        one, other = Asked(applications, client), Asked(applications, client)
        (made,) = one.results("moderation.kick")
        assert (made.client, made.connection) == (client, one.connection)
        assert other.results("moderation.kick") != [made]

    @pytest.mark.parametrize("required", [IModerator, Moderator])
    def test_forSomeClients(self, required: Any) -> None:
        """An application registered for an interface or a class of clients is for these only."""
        applications = Applications()
        applications.register(Moderation, client=required)
        assert Asked(applications, Moderator("mod")).events == ["moderation.kick"]
        assert Asked(applications, FakeClient("ada")).events == []

    def test_forSomeConnections(self) -> None:
        """An application may be registered for some connections only."""

        class ILocal(IConnection):
            pass

        applications = Applications()
        applications.register(Moderation, connection=Connection, name="these")
        applications.register(lambda client, connection: naming("local"), connection=ILocal)
        applications.register(lambda client, connection: naming("any"), connection=None, name="any")
        assert Asked(applications).events == ["any", "moderation.kick"]

    @pytest.mark.parametrize("where", ["client", "connection"])
    def test_badClient(self, where: str) -> None:
        """C{client=} must be an interface or a class."""
        with pytest.raises(UsageError, match=f"^{where}= takes an interface, a class or None, not 'IModerator'"):
            Applications().register(Moderation, **{where: "IModerator"})

    def test_functions(self) -> None:
        """A factory may be a function that returns an application, a marked object, or None."""
        applications = Applications()
        applications.register(lambda client, connection: Chat() if client.id == "ada" else None, name="chat")
        applications.register(lambda client, connection: naming("x"), name="named")
        assert Asked(applications, FakeClient("ada")).events == ["chat.seen", "chat.send", "chat.typing", "x"]
        assert Asked(applications, FakeClient("bob")).events == ["x"]

    def test_markedClasses(self) -> None:
        """A class with marked methods may be registered, too."""

        class Personal(Chat):
            def __init__(self, client: Any, connection: Any) -> None:
                self.client = client

        applications = Applications()
        applications.register(Personal)
        assert Asked(applications).results("chat.send") == ["sent"]

    def test_callableObjects(self) -> None:
        """A factory may be any callable, also an unhashable one."""

        @dataclass
        class Making:
            event: str

            def __call__(self, client: Any, connection: Any) -> Saying:
                return naming(self.event)

        applications = Applications()
        applications.register(Making("x"))
        assert Asked(applications).events == ["x"]

    @pytest.mark.parametrize(
        ("factory", "complaint"),
        [
            (naming("x"), "can't be called: register a class or a function, or add the object"),
            (object, "object is no application: it has neither a method"),
            (Chat, r"^tests\.applications\.test_registry\.Chat must take two arguments: it is called with the client and "),
            (lambda client: None, "must take two arguments"),
        ],
    )
    def test_badFactory(self, factory: Any, complaint: str) -> None:
        """What can't be a factory is an error that says why."""
        with pytest.raises(UsageError, match=complaint):
            Applications().register(factory)

    def test_mostSpecificWins(self) -> None:
        """Of several registrations of one name, a client gets the most specific one."""
        applications = Applications()
        applications.register(lambda client, connection: naming("x", gives="any"), client=None, name="x")
        applications.register(lambda client, connection: naming("x", gives="client"), name="x")
        applications.register(lambda client, connection: naming("x", gives="moderator"), client=IModerator, name="x")
        assert Asked(applications, Moderator("mod")).results("x") == ["moderator"]
        assert Asked(applications, FakeClient("ada")).results("x") == ["client"]

    def test_optingOut(self) -> None:
        """A more specific registration may remove an application."""
        applications = adding(Chat())
        applications.register(
            lambda client, connection: None, client=IModerator, name="tests.applications.test_registry.Chat"
        )
        assert Asked(applications, Moderator("mod")).events == []


class TestBases:
    """
    Base registries.
    """

    def test_both(self) -> None:
        """Registrations of a Zope site, or of other Applications, are used too, and one's own come first."""
        site, others = Components("site"), Applications()
        site.registerAdapter(lambda client, connection: naming("site"), (IClient, IConnection), IApplication, "site")
        others.add(naming("x", gives="others"), name="x")
        others.add(naming("y"), name="y")
        applications = Applications(bases=(others, site))
        applications.add(naming("x", gives="own"), name="x")
        asked = Asked(applications)
        assert asked.events == ["site", "x", "y"]
        assert asked.results("x") == ["own"]

    def test_addedBelow(self) -> None:
        """A later registration in a base is used from then on."""
        below = Applications()
        applications = Applications(bases=(below,))
        assert Asked(applications).events == []
        below.add(naming("x"))
        assert Asked(applications).events == ["x"]


class TestTables:
    """
    The table of one connection.
    """

    def test_orderOfNames(self) -> None:
        """Handlers of one event are ordered by their applications' names."""
        applications = Applications()
        for name in ("b", "c", "a"):
            applications.add(naming("x", gives=name), name=name)
        assert Asked(applications).results("x") == ["a", "b", "c"]

    def test_watchers(self) -> None:
        """Handlers of C{socket.message} come before the handlers of every event from the wire, and give no replies."""
        applications = Applications()
        applications.add(naming("x", "socket.open", gives="handler"), name="a")
        applications.add(naming("socket.message", gives="watcher"), name="b")
        asked = Asked(applications)
        assert asked.results("x") == ["watcher", "handler"]
        assert [listener.replies for listener in asked.table.wire["x"].listeners] == [False, True]
        assert asked.results("socket.open") == ["handler"]
        assert "socket.message" not in {**asked.table.wire, **asked.table.own}

    def test_strangers(self) -> None:
        """A stranger has only C{socket.*} events, of the applications that are for everyone."""
        applications = adding(Chat(), naming("x", "socket.message"))
        applications.register(Moderation)
        applications.register(lambda client, connection: naming("y", "socket.close"), client=None, name="y")
        asked = Asked(applications, stranger=True)
        assert (asked.events, sorted(asked.table.own)) == ([], ["socket.close", "socket.open"])

    def test_shared(self) -> None:
        """Connections share one table if all their applications are shared, until another is added."""
        applications = adding(Chat())
        one = Asked(applications, FakeClient("ada")).table
        assert Asked(applications, FakeClient("bob")).table is one
        assert Asked(applications, stranger=True).table is not one
        applications.add(naming("x"))
        other = Asked(applications, FakeClient("ada"))
        assert other.table is not one
        assert "x" in other.events

    def test_notShared(self) -> None:
        """With an application that is made for each connection, each connection has its own table."""
        applications = adding(Chat())
        applications.register(Moderation)
        assert Asked(applications).table is not Asked(applications).table

    @pytest.mark.parametrize(
        ("factory", "error"),
        [
            (lambda client, connection: 1 / 0, "ZeroDivisionError"),
            (lambda client, connection: object(), "UsageError: object is no application"),
            (lambda client, connection: Saying({"ok": print, "socket.reply": print}), "UsageError: 'socket.reply'"),
        ],
    )
    def test_failingFactory(self, factory: Any, error: str) -> None:
        """An application whose factory fails is logged with the connection's id, and left out."""
        applications = adding(Chat())
        applications.register(factory, name="broken")
        with logged() as lines:
            asked = Asked(applications)
        assert asked.events == ["chat.seen", "chat.send", "chat.typing"]
        (line,) = [line for line in lines if "No application is registered" not in line]
        assert line.startswith(f"Application factory failed: application=broken id={asked.connection.id}")
        assert error in line

    def test_askedOnce(self) -> None:
        """A shared application's C{subscribedEvents} is called once, when it is added."""
        application = Saying({"x": print})
        applications = adding(application)
        application.subscribed = None
        assert Asked(applications).events == ["x"]


@pytest.mark.parametrize(("event", "whenSlow"), [("socket.reply", "drop"), ("", "drop"), ("x", "never"), ("x", None)])
def test_badWhenSlow(event: Any, whenSlow: Any) -> None:
    """A wrong registration is an error."""
    with pytest.raises(UsageError):
        Applications().registerEvent(event, whenSlow=whenSlow)
