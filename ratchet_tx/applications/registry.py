"""
The registered applications, and which of their events each client may use.

An application is an adapter from a client and a connection to L{IApplication<ratchet_tx.interfaces.IApplication>}, by a
name, in a registry of zope's that belongs to one hub.
From the adapters of one connection comes its L{Table}, in which an event is looked up.
"""

from collections.abc import Iterable, Iterator, Mapping
from inspect import isclass, signature
from typing import Any, Literal, cast

from twisted.logger import Logger
from zope.interface import implementer, providedBy
from zope.interface.registry import Components

from ratchet_tx.applications.datatypes import DataTypes
from ratchet_tx.applications.decorator import handlersOf, markedMethods
from ratchet_tx.applications.event import Handler
from ratchet_tx.applications.roompolicies import Policies
from ratchet_tx.applications.routes import Adapted, Subscription, Table, makeTable, subscriptions
from ratchet_tx.applications.verify import requireImplemented, requireProvided, specificationOf
from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IApplication, IClient, IConnection
from ratchet_tx.wire.closecodes import DONE
from ratchet_tx.wire.names import checkEvent, checkText

#: What an application that was made for one client hears as C{socket.close} where another one takes its place.
REPLACED = {"code": DONE, "reason": "Another login", "clean": True}


@implementer(IApplication)
class _Shared:
    """
    An adapter factory that gives everybody the same application, which is asked for its events once.
    """

    def __init__(self, application: IApplication) -> None:
        self._subscribed = dict(subscriptions(application))
        for event, handler in self._subscribed.items():
            if not _accepts(handler, 1):
                raise UsageError(f"The handler of {event!r} must take one argument: it is called with a ConnectionEvent.")

    def __call__(self, client: Any, connection: Any) -> IApplication:
        return self

    def subscribedEvents(self) -> dict[str, Handler]:
        return self._subscribed


@implementer(IApplication)
class _MarkedApplication:
    """
    An object whose handlers are marked by L{on}.
    """

    def __init__(self, marked: object) -> None:
        self._marked = marked

    def subscribedEvents(self) -> dict[str, Handler]:
        return {event: getattr(self._marked, name) for event, name in markedMethods(type(self._marked)).items()}


class Applications:
    """
    The applications of a hub.

    @param bases: registries whose registrations count too, where there is no own one of that name: those of a Zope or
        Pyramid site, or other L{Applications}
    @ivar registry: zope's registry itself
    @ivar policies: the policies of rooms, which stand in it too
    @ivar whenSlow: what may be left out, by event
    """

    _log = Logger()

    def __init__(self, bases: "Iterable[Components | Applications]" = ()) -> None:
        registries = tuple(base.registry if isinstance(base, Applications) else base for base in bases)
        # zope.interface has no types; mypy-zope's for it lack half of Components.
        self.registry: Any = Components("ratchet_tx", registries)
        # Keyed by what the registry finds, not by whom it is for: so whatever changes the registry, or one below it,
        # leads to another key.
        self._tables: dict[tuple[Any, bool], Adapted] = {}
        self.policies = Policies(self.registry)
        self.whenSlow: dict[str, str] = {}
        self._dataTypes = DataTypes()

    def isEmpty(self) -> bool:
        """
        Say whether there is no application at all, neither here nor in a registry below.
        """
        return next(self.registrations(), None) is None

    def registrations(self) -> Iterator[Any]:
        """
        Give all that is registered, as zope's C{IAdapterRegistration}: what is registered here comes before what is in the
        registries below, of which the same may come twice.
        """
        for registry in _withBases(self.registry):
            yield from (each for each in registry.registeredAdapters() if each.provided is IApplication)

    def add(self, application: Any, name: str | None = None) -> None:
        """
        Add one object, which every connection shares, strangers' too (of whose events none but our own reach it).

        @param application: an L{IApplication}, or an object whose methods are marked by L{on}
        @param name: by default the dotted name of its class
        @raise UsageError: for what isn't an application, and for a name that is taken
        """
        if isclass(application):
            raise UsageError(
                f"{application.__name__} is a class: add an object, {application.__name__}(), or register the class."
            )
        shared = _Shared(_asApplication(application))
        for event, handler in shared.subscribedEvents().items():
            self._dataTypes.of(event, handler)
        self._put(shared, None, IConnection, name or _dottedName(type(application)))

    def registerEvent(self, event: str, whenSlow: Literal["drop", "latest"]) -> None:
        """
        Say what may be left out of an event that is sent to peers who don't read as fast as we write.

        Without it a peer for whom too much waits is closed.

        @param whenSlow: C{drop}: where too much waits, those of this event are dropped. C{latest}: of those that wait, a
            later one takes the place of an earlier one of the same room
        @raise UsageError: for a name that no event of an application can have, or for anything else
        """
        checkEvent(event)
        checkText(event, "the name of an event")
        if whenSlow not in ("drop", "latest"):
            raise UsageError(f"whenSlow= is 'drop' or 'latest', not {whenSlow!r}.")
        self.whenSlow[event] = whenSlow

    def registerRooms(self, pattern: str, policy: Any, client: Any = IClient) -> None:
        """
        Say who may subscribe to which rooms by himself, and what they remember; without it nobody may.

        Arguments and failures are those of L{Policies.register<ratchet_tx.applications.roompolicies.Policies.register>}.
        """
        self.policies.register(pattern, policy, client)

    def register(self, factory: Any, client: Any = IClient, connection: Any = IConnection, name: str | None = None) -> None:
        """
        Register an adapter: an application is made for each connection and client.

        A login of the same client, which provides the same interfaces as before, keeps it, while it is registered; so does a
        renewed token.  Any other login replaces it: it hears C{socket.close} before the new one hears
        C{socket.auth.success}, with the data of L{REPLACED}.

        Of several registrations of one name, the most special one counts.

        @param factory: called with the client and the connection; gives an L{IApplication}, or an object whose methods
            are marked by L{on}, or None where there is none for these two
        @param client: the interface, or the class, of clients whom it is for; None for everybody, strangers too
        @param connection: the same for connections
        @param name: by default the factory's dotted name
        @raise UsageError: for what can't be an application's factory, and for a name that is taken
        """
        if not callable(factory):
            raise UsageError(f"{factory!r} can't be called: register a class or a function, or add the object.")
        if isclass(factory):
            self._checkClass(factory)
        if not _accepts(factory, 2):
            raise UsageError(
                f"{_dottedName(factory)} must take two arguments: it is called with the client and the connection."
            )
        self._put(factory, client, connection, name or _dottedName(factory))

    def _checkClass(self, kind: type) -> None:
        if hasattr(kind, "subscribedEvents"):
            return requireImplemented(IApplication, kind)
        for event, handler in handlersOf(kind).items():
            self._dataTypes.of(event, handler)

    def _put(self, factory: Any, client: Any, connection: Any, name: str) -> None:
        required = [specificationOf(client, "client"), specificationOf(connection, "connection")]
        # Components replaces a registration without a word.
        if self.registry.adapters.registered(required, IApplication, name) is not None:
            raise UsageError(f"There is an application {name!r} already for these: give this one another name=.")
        self.registry.registerAdapter(factory, required, IApplication, name)

    def table(self, client: IClient | None, connection: IConnection) -> Table:
        """
        Make a connection's table; an application that can't be made is logged and left out.

        @param client: who is logged in; None for a stranger, who is given the protocol's own events only
        """
        return self.adapt(client, connection).table

    def adapt(self, client: IClient | None, connection: IConnection, before: "Adapted | None" = None) -> "Adapted":
        """
        Make a connection's applications; one that can't be made is logged and left out.

        @param client: who is logged in; None for a stranger, who is given the protocol's own events only
        @param before: what the connection had: of the same client's, what was made is kept, and what wasn't is tried again
        """
        found = self._found(client, connection)
        if all(isinstance(factory, _Shared) for _, factory in found):
            key = (found, client is None)
            if key not in self._tables:
                self._tables[key] = Adapted(None, found, {}, self._table(found, {}, client))
            return self._tables[key]
        owner = _ownerOf(client)
        made = {} if before is None else _keptOf(before, owner, found)
        for name, factory in sorted(found):
            if name not in made and not isinstance(factory, _Shared):
                subscribed = self._make(name, factory, client, connection)
                if subscribed is not None:
                    made[name] = subscribed
        return Adapted(owner, found, made, self._table(found, made, client))

    def kept(self, before: "Adapted", client: IClient, connection: IConnection) -> "Adapted":
        """
        Say what of a connection's applications stays when a client logs in: where it is the same one, and provides the same,
        what is still registered.

        @return: it, with the table of who is logged in until then
        """
        made = _keptOf(before, _ownerOf(client), self._found(client, connection))
        found = self._found(connection.client, connection)
        return Adapted(before.owner, before.found, made, self._table(found, made, connection.client))

    def _found(self, client: IClient | None, connection: IConnection) -> Any:
        return self.registry.adapters.lookupAll([providedBy(client), providedBy(connection)], IApplication)

    def _table(self, found: Any, made: Mapping[str, list[Subscription]], client: IClient | None) -> Table:
        subscribed = [
            each
            for name, factory in sorted(found)
            for each in (self._subscribed(factory) if isinstance(factory, _Shared) else made.get(name, ()))
        ]
        return makeTable(subscribed, client is None)

    def _make(self, name: str, factory: Any, client: IClient | None, connection: IConnection) -> list[Subscription] | None:
        """
        Make one application for a connection, and ask for its events; None where there is none for these two.
        """
        try:
            application = factory(client, connection)
            return None if application is None else self._subscribed(_asApplication(application))
        except Exception:
            connection.peerLog.failure(  # type: ignore[attr-defined]
                self._log,
                connection.remoteAddress,
                "Application {name} can't be made; connection {id} goes without it",
                name=name,
                id=connection.id,
            )
            return None

    def _subscribed(self, application: IApplication) -> list[Subscription]:
        return [
            Subscription(event, handler, self._dataTypes.of(event, handler)) for event, handler in subscriptions(application)
        ]


def _ownerOf(client: IClient | None) -> Any:
    """
    Say for whom applications are made: for a client, by its id and what it provides.
    """
    return (None if client is None else client.id, tuple(providedBy(client).flattened()))


def _keptOf(before: Adapted, owner: Any, found: Iterable[tuple[str, Any]]) -> dict[str, list[Subscription]]:
    """
    Choose from what was made what stays: that of the same owner, by factories that are still found.
    """
    if before.owner != owner:
        return {}
    then, now = dict(before.found), dict(found)
    return {name: made for name, made in before.made.items() if now.get(name) is then[name]}


def _withBases(registry: Any) -> Iterator[Any]:
    yield registry
    for base in registry.__bases__:
        yield from _withBases(base)


def _asApplication(candidate: Any) -> IApplication:
    if not hasattr(candidate, "subscribedEvents"):
        return _MarkedApplication(candidate)
    return cast(IApplication, requireProvided(IApplication, candidate))


def _accepts(function: Any, count: int) -> bool:
    try:
        signature(function).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:
        # Some builtins have no signature to look at.
        return True
    return True


def _dottedName(named: Any) -> str:
    return f"{getattr(named, '__module__', '?')}.{getattr(named, '__qualname__', type(named).__qualname__)}"
