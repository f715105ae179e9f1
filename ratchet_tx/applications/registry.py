"""
The registered applications, and which of their events each client may use.

An application is a named adapter from a client and a connection to L{IApplication<ratchet_tx.interfaces.IApplication>}, in a
zope registry that belongs to one hub.
The adapters of one connection make up its L{Table}, in which the hub looks up events.
"""

from collections.abc import Iterable, Iterator, Mapping
from inspect import isclass
from typing import Any, Literal

from twisted.logger import Logger
from zope.interface import providedBy
from zope.interface.registry import Components

from ratchet_tx.applications.adapters import SharedApplication, accepts, asApplication
from ratchet_tx.applications.datatypes import DataTypes
from ratchet_tx.applications.decorator import handlersOf
from ratchet_tx.applications.roompolicies import Policies
from ratchet_tx.applications.routes import Adapted, Subscription, Table, makeTable, subscriptions
from ratchet_tx.applications.verify import requireImplemented, specificationOf
from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IApplication, IClient, IConnection
from ratchet_tx.wire.names import checkEvent, checkText


class Applications:
    """
    The applications of a hub.

    @param bases: registries whose registrations are used too, unless this one has the same name: those of a Zope or Pyramid
        site, or other L{Applications}
    @ivar registry: the zope registry
    @ivar policies: the policies of rooms, which are in the same registry
    @ivar whenSlow: what may be dropped for slow peers, by event
    """

    _log = Logger()

    def __init__(self, bases: "Iterable[Components | Applications]" = ()) -> None:
        registries = tuple(base.registry if isinstance(base, Applications) else base for base in bases)
        # zope.interface has no types; mypy-zope's for it lack half of Components.
        self.registry: Any = Components("ratchet_tx", registries)
        # Keyed by what the registry finds, not by client: so a change of the registry, or of a base, gives another key.
        self._tables: dict[tuple[Any, bool], Adapted] = {}
        self.policies = Policies(self.registry)
        self.whenSlow: dict[str, str] = {}
        self._dataTypes = DataTypes()

    def isEmpty(self) -> bool:
        """
        Say whether no application is registered, neither here nor in a base.
        """
        return next(self.registrations(), None) is None

    def registrations(self) -> Iterator[Any]:
        """
        List the registrations, as zope's C{IAdapterRegistration}: the own ones before those of the bases.

        One of a base may come twice.
        """
        for registry in _withBases(self.registry):
            yield from (each for each in registry.registeredAdapters() if each.provided is IApplication)

    def add(self, application: Any, name: str | None = None) -> None:
        """
        Add one application object that all connections share.

        Of a stranger's events only C{socket.*} events reach it.

        @param application: an L{IApplication}, or an object whose methods are marked by L{on}
        @param name: by default the dotted name of its class
        @raise UsageError: for what isn't an application, and for a name that is taken
        """
        if isclass(application):
            raise UsageError(
                f"{application.__name__} is a class: add an object, {application.__name__}(), or register the class."
            )
        shared = SharedApplication(asApplication(application))
        for event, handler in shared.subscribedEvents().items():
            self._dataTypes.of(event, handler)
        self._registerAdapter(shared, None, IConnection, name or _dottedName(type(application)))

    def registerEvent(self, event: str, whenSlow: Literal["drop", "latest"]) -> None:
        """
        Allow that messages of an event are dropped for slow peers.

        Other events are never dropped: a peer whose send queue is full is closed.

        @param whenSlow: C{drop}: when the queue is too long, messages of this event are dropped. C{latest}: a queued message
            is replaced by a later one of the same event and room
        @raise UsageError: for a name that an application can't send, and for another C{whenSlow}
        """
        checkEvent(event)
        checkText(event, "the name of an event")
        if whenSlow not in ("drop", "latest"):
            raise UsageError(f"whenSlow= is 'drop' or 'latest', not {whenSlow!r}.")
        self.whenSlow[event] = whenSlow

    def registerRooms(self, pattern: str, policy: Any, client: Any = IClient) -> None:
        """
        Register the policy of some rooms: which clients may subscribe, and what history the rooms keep.

        Without a policy no client may subscribe to a room. Arguments and failures are those of
        L{Policies.register<ratchet_tx.applications.roompolicies.Policies.register>}.
        """
        self.policies.register(pattern, policy, client)

    def register(self, factory: Any, client: Any = IClient, connection: Any = IConnection, name: str | None = None) -> None:
        """
        Register an adapter: the factory makes an application for each connection and client.

        A login of the same client with the same interfaces keeps the application, if it is still registered; so does a
        renewed token. Any other login replaces it: the old one gets C{socket.close} with the code 1000, before the
        new one gets C{socket.auth.success}.

        Of several registrations with one name, the one for the most specific interface is used.

        @param factory: called with the client and the connection; returns an L{IApplication}, an object whose methods are
            marked by L{on}, or None for no application
        @param client: the interface or class of the clients that it is for; None for all, strangers too
        @param connection: the interface or class of the connections that it is for
        @param name: by default the factory's dotted name
        @raise UsageError: for what can't be a factory, and for a name that is taken
        """
        if not callable(factory):
            raise UsageError(f"{factory!r} can't be called: register a class or a function, or add the object.")
        if isclass(factory):
            self._checkClass(factory)
        if not accepts(factory, 2):
            raise UsageError(
                f"{_dottedName(factory)} must take two arguments: it is called with the client and the connection."
            )
        self._registerAdapter(factory, client, connection, name or _dottedName(factory))

    def _checkClass(self, kind: type) -> None:
        if hasattr(kind, "subscribedEvents"):
            return requireImplemented(IApplication, kind)
        for event, handler in handlersOf(kind).items():
            self._dataTypes.of(event, handler)

    def _registerAdapter(self, factory: Any, client: Any, connection: Any, name: str) -> None:
        required = [specificationOf(client, "client"), specificationOf(connection, "connection")]
        # Components replaces a registration silently.
        if self.registry.adapters.registered(required, IApplication, name) is not None:
            raise UsageError(f"There is an application {name!r} already for these: give this one another name=.")
        self.registry.registerAdapter(factory, required, IApplication, name)

    def table(self, client: IClient | None, connection: IConnection) -> Table:
        """
        Make a connection's table; an application whose factory fails is logged and left out.

        @param client: the client that is logged in; None for a stranger, whose table has C{socket.*} events only
        """
        return self.adapt(client, connection).table

    def adapt(self, client: IClient | None, connection: IConnection, before: "Adapted | None" = None) -> "Adapted":
        """
        Make a connection's applications; one whose factory fails is logged and left out.

        @param client: the client that is logged in; None for a stranger, whose table has C{socket.*} events only
        @param before: the connection's applications until now: if the client is the same, they are kept, and factories that
            failed are called again
        """
        found = self._found(client, connection)
        if all(isinstance(factory, SharedApplication) for _, factory in found):
            key = (found, client is None)
            if key not in self._tables:
                self._tables[key] = Adapted(None, found, {}, self._table(found, {}, client))
            return self._tables[key]
        owner = _ownerOf(client)
        made = {} if before is None else _keptOf(before, owner, found)
        for name, factory in sorted(found):
            if name not in made and not isinstance(factory, SharedApplication):
                subscribed = self._make(name, factory, client, connection)
                if subscribed is not None:
                    made[name] = subscribed
        return Adapted(owner, found, made, self._table(found, made, client))

    def kept(self, before: "Adapted", client: IClient, connection: IConnection) -> "Adapted":
        """
        Find the applications that a connection keeps when a client logs in: if it is the same client with the same
        interfaces, those that are still registered.

        @return: these applications, with the table of the client that is still logged in
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
            for each in (self._subscribed(factory) if isinstance(factory, SharedApplication) else made.get(name, ()))
        ]
        return makeTable(subscribed, client is None)

    def _make(self, name: str, factory: Any, client: IClient | None, connection: IConnection) -> list[Subscription] | None:
        """
        Make one application for a connection, and read its events.

        @return: None where the factory gives no application, or fails
        """
        try:
            application = factory(client, connection)
            return None if application is None else self._subscribed(asApplication(application))
        except Exception:
            connection.peerLog.failure(  # type: ignore[attr-defined]
                self._log,
                connection.remoteAddress,
                "Application factory failed: application={name} id={id}",
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
    Make the key by which a login keeps applications: the client's id and interfaces.
    """
    return (None if client is None else client.id, tuple(providedBy(client).flattened()))


def _keptOf(before: Adapted, owner: Any, found: Iterable[tuple[str, Any]]) -> dict[str, list[Subscription]]:
    """
    Choose the applications that stay: those of the same owner whose factories are still registered.
    """
    if before.owner != owner:
        return {}
    then, now = dict(before.found), dict(found)
    return {name: made for name, made in before.made.items() if now.get(name) is then[name]}


def _withBases(registry: Any) -> Iterator[Any]:
    yield registry
    for base in registry.__bases__:
        yield from _withBases(base)


def _dottedName(named: Any) -> str:
    return f"{getattr(named, '__module__', '?')}.{getattr(named, '__qualname__', type(named).__qualname__)}"
