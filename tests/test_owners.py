"""
The owners of what changes: an object's attributes are assigned by its own methods, and by nobody else.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.test_layers import MODULES

#: The names of what the whole node has to do with: only its own methods change it, without an exception.
SHARED = frozenset({"client", "connection", "hub", "payload", "peer", "peers", "request", "room", "shared"})

#: By module, whose attributes it assigns though it isn't their class, as "name.attribute".
EXCEPTIONS = {
    # Records of a module's own, which have no methods: it makes them, and nobody else has them.
    "deferreds.once": {"entry.result", "entry.size", "entry.waiting"},
    "login.expiry": {"login.announced", "login.connection", "login.next"},
    "rooms.rosterstore": {"kept.isComplete", "kept.touched", "kept.users"},
    "transport.keepalive": {"liveness.isAsked", "liveness.owed", "liveness.taken", "liveness.took"},
    # What a module keeps the books of in an object of another one, where each message would pay for a call.
    "backplane.histories": {"history.ends", "history.keep"},
    "budget.rate": {"bucket.fullAt"},
    "limits.guard": {"allowance.heard"},
    "transport.sockets.directoutlet": {"backlog.underway"},
    "transport.sockets.epoll": {"batch.isLed"},
    # What a provider is there for: it has just made the client, or gives it its token, which is the client's to keep.
    "login.clients": {"client.accessToken"},
    "login.cred": {"client.accessToken"},
    "login.jwt": {"client.expires"},
    # What is made by a callable that others give, and so takes nothing else when it is made.
    "server.service": {"site.trustForwarded", "secured.noisy"},
    "transport.factory": {"protocol.fresh", "protocol.head"},
    "transport.handshake.door": {
        *("page.sockets", "page.speaker", "page.visit"),
        # The connection goes on to another protocol.
        *("protocol.wrappedProtocol", "transport.protocol", "transport.wrappedProtocol"),
    },
    # What Twisted, Autobahn and the standard library want to be assigned.
    "applications.decorator": {"method.*"},
    "applications.timers": {"loop.clock"},
    "deferreds.clock": {"call.called"},
    "rooms.presence": {"renewals.clock"},
    "server.checkers": {"checker.users"},
    "server.proxyline": {"wrapped.log"},
    "server.tlsport": {"context.check_hostname", "context.minimum_version", "context.verify_mode"},
    "transport.autobahn": {"factory.countConnections", "LeanProtocol.*"},
    "web.resource": {"channel.transport", "file.encoding", "file.type"},
}


def assignedIn(source: str) -> Iterator[str]:
    """
    Name the attributes of others that are assigned, counted up or deleted, as "name.attribute"; by C{setattr}, "name.*".

    Where it has the object from doesn't matter: C{peer.liveness.owed} and C{self._liveness.owed} are both "liveness.owed".
    """
    tree = ast.parse(source)
    added = {id(node.target) for node in ast.walk(tree) if isinstance(node, ast.AugAssign)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            owner = nameOf(node.value)
            # Whatever is counted, everybody counts, by adding to a plain integer.
            if owner != "self" and not (owner == "counters" and id(node) in added):
                yield f"{owner}.{node.attr}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("setattr", "delattr"):
            owner = nameOf(node.args[0])
            if owner != "self":
                yield f"{owner}.*"


def nameOf(node: ast.expr) -> str:
    """
    Give the last name of an expression, without the mark of what is private.
    """
    return ast.unparse(node).rpartition(".")[2].removeprefix("_")


@pytest.mark.parametrize(
    ("source", "assigned"),
    [
        ("self.stage = 1; self.count += 1; self._counters.sent += 1; counters.sent -= 1", []),
        ("connection.client = None", ["connection.client"]),
        ("self._connection.version += 1", ["connection.version"]),
        ("self._basis.counters.sent = 0", ["counters.sent"]),
        ("a, (room.keep, *b) = 1, (2, 3)", ["room.keep"]),
        ("client.expires: float = 1", ["client.expires"]),
        ("for self._hub.clock in (): pass", ["hub.clock"]),
        ("with it as peer.lock: del payload.data", ["peer.lock", "payload.data"]),
        ("setattr(connection, 'client', None)", ["connection.*"]),
        ("shared().limits = None", ["shared().limits"]),
    ],
)
def test_found(source: str, assigned: list[str]) -> None:
    """Whatever assigns an attribute of something else than the object itself is found."""
    assert sorted(assignedIn(source)) == sorted(assigned)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_onlyItsOwn(module: str) -> None:
    """A module assigns the attributes of the objects whose methods it has; what else it assigns is among the exceptions."""
    assert set(assignedIn(MODULES[module].read_text())) - EXCEPTIONS.get(module, set()) == set()


@pytest.mark.parametrize("module", EXCEPTIONS)
def test_noneTooMany(module: str) -> None:
    """Each exception is needed still."""
    assert EXCEPTIONS[module] - set(assignedIn(MODULES[module].read_text())) == set()


def test_whatIsShared() -> None:
    """No exception is of what the whole node has to do with; but a provider may change its clients."""
    assert {
        name
        for module, names in EXCEPTIONS.items()
        for name in names
        if name.partition(".")[0] in SHARED and not (module.startswith("login.") and name.startswith("client."))
    } == set()
