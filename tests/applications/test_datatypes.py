"""
Handlers that take data of a type.
"""

import functools
import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, NamedTuple, TypedDict, TypeVar
from weakref import ref

import msgspec
import pytest
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from ratchet_tx import ConnectionEvent, IApplication, Payload, PeerError, UsageError, on
from ratchet_tx.applications.datatypes import DataTypes, resultType
from tests.kit.fakes import Peer, logged, startedHub

if TYPE_CHECKING:
    from decimal import Decimal


class Point(msgspec.Struct):
    x: int
    y: int = 0


@dataclass
class Circle:
    centre: Point
    radius: float


class Move(TypedDict):
    piece: Literal["king", "queen"]
    to: list[Point]


class Pair(NamedTuple):
    one: int
    other: str


class NotJSON:
    pass


Other = TypeVar("Other")


def plain(event: ConnectionEvent[Point]) -> Any:
    return event.payload.data


def quoted(event: "ConnectionEvent[Point]") -> Any:
    return event.payload.data


def partlyQuoted(event: ConnectionEvent["Point"]) -> Any:
    return event.payload.data


def more(factor: int, event: ConnectionEvent[Point], offset: int = 0, *rest: Any, **others: Any) -> Any:
    return event.payload.data.x * factor


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*arguments: Any) -> Any:
        return function(*arguments)

    return wrapper


class Methods:
    """
    Handlers in every form that a class can have.
    """

    def method(self, event: ConnectionEvent[Point]) -> Any:
        return event.payload.data

    @staticmethod
    def static(event: ConnectionEvent[Point]) -> Any:
        return event.payload.data

    @classmethod
    def ofTheClass(cls, event: ConnectionEvent[Point]) -> Any:
        return event.payload.data

    async def coroutine(self, event: ConnectionEvent[Point]) -> Any:
        return event.payload.data

    @decorated
    def decorated(self, event: ConnectionEvent[Point]) -> Any:
        return event.payload.data

    def __call__(self, event: ConnectionEvent[Point]) -> Any:
        return event.payload.data


class TestFinding:
    @pytest.mark.parametrize(
        "handler",
        [
            plain,
            quoted,
            partlyQuoted,
            decorated(plain),
            functools.partial(more, 5),
            functools.partial(more, 5, offset=2),
            Methods().method,
            Methods.static,
            Methods().ofTheClass,
            Methods().coroutine,
            Methods().decorated,
            Methods(),
            functools.partial(Methods().method),
        ],
    )
    def test_forms(self, handler: Any) -> None:
        """The type is found by the annotation, for every kind of callable."""
        types = DataTypes()
        assert types.of("x", handler) is types.of("x", handler) is Point

    def test_functionsOfOtherKinds(self) -> None:
        """A method's event is its second argument, a function's the first."""

        def handler(one: ConnectionEvent[Point], other: "ConnectionEvent[Circle] | None" = None) -> None: ...

        def two(one: ConnectionEvent[Point], other: ConnectionEvent[Circle]) -> None: ...

        types = DataTypes()
        assert types.of("x", handler) is Point
        assert types.of("x", two.__get__(object())) is Circle
        assert types.of("x", two) is Point

    def test_untyped(self) -> None:
        """A handler without a type takes any data."""

        class Generical(Generic[Other]):
            def on(self, event: ConnectionEvent[Other]) -> None: ...

        def bare(event: ConnectionEvent) -> None: ...
        def any(event: ConnectionEvent[Any]) -> None: ...
        def another(event: Point) -> None: ...
        def quotedly(event: "ratchet_tx.ConnectionEvent") -> None: ...  # type: ignore[name-defined]  # noqa: F821
        def quotedAnother(event: "Point") -> None: ...
        def nothing(*events: ConnectionEvent[Point]) -> None: ...

        others: Any = (lambda event: None, print, dict, 5)
        handlers = (bare, any, another, quotedly, quotedAnother, nothing, Generical().on, *others)
        assert [DataTypes().of("x", handler) for handler in handlers] == [None] * len(handlers)

    def test_missingTypes(self) -> None:
        """A type that isn't there at runtime is an error; other annotations needn't be there."""

        def handler(event: "ConnectionEvent[Decimal]") -> None: ...
        def other(event: ConnectionEvent[Point]) -> "Decimal":
            raise NotImplementedError

        with pytest.raises(UsageError, match=r"handler of 'pay' wants a type that can't be found \(name 'Decimal'"):
            DataTypes().of("pay", handler)
        assert DataTypes().of("pay", other) is Point

    @pytest.mark.parametrize("kind", [NotJSON, dict[str, NotJSON], complex, Point | Circle, Callable])
    def test_undecodableTypes(self, kind: Any) -> None:
        """A type that JSON can't be decoded to is an error."""

        def handler(event: Any) -> None: ...

        handler.__annotations__["event"] = ConnectionEvent[kind]
        with pytest.raises(UsageError, match="handler of 'x' can't be given its data"):
            DataTypes().of("x", handler)

    def test_functionIsFreed(self) -> None:
        """An examined function can be freed."""

        def handler(event: ConnectionEvent[Point]) -> None: ...

        types, gone = DataTypes(), ref(handler)
        types.of("x", handler)
        del handler
        gc.collect()
        assert gone() is None

    def test_results(self) -> None:
        """The type of a handler's result is found by the annotation, awaited; one that can't be found is Any."""

        def later(event: Any) -> "Deferred[Point]":
            raise NotImplementedError

        async def coroutine(event: Any) -> list[int]:
            raise NotImplementedError

        def none(event: Any) -> None: ...
        def notJSON(event: Any) -> NotJSON:
            raise NotImplementedError

        def unknown(event: Any) -> "Decimal":
            raise NotImplementedError

        found = [resultType(each) for each in (later, coroutine, none, notJSON, unknown, print, lambda event: 5)]
        assert found == [Point, list[int], type(None), Any, Any, Any, Any]


@implementer(IApplication)
class Typed:
    """
    An application whose handlers take types.
    """

    def subscribedEvents(self) -> Any:
        return {
            "point": lambda event: None,
            "function": plain,
            "partial": functools.partial(more, 2),
            "circle": self.circle,
            "move": self.move,
            "pair": self.pair,
            "when": self.when,
            "keys": self.keys,
            "none": self.none,
            "id": self.identity,
        }

    def circle(self, event: ConnectionEvent[Circle]) -> Any:
        return event.payload.data.centre.x + event.payload.data.radius

    async def move(self, event: ConnectionEvent[Move]) -> Any:
        await succeed(None)
        return [event.payload.data["piece"], event.payload.data["to"][0].x]

    def pair(self, event: ConnectionEvent[Pair]) -> Any:
        return event.payload.data.other

    def when(self, event: ConnectionEvent[datetime]) -> Any:
        return event.payload.data == datetime(2026, 1, 1, tzinfo=UTC)

    def keys(self, event: ConnectionEvent[dict[int, Annotated[str, msgspec.Meta(max_length=3)]]]) -> Any:
        return event.payload.data[5]

    def none(self, event: ConnectionEvent[None]) -> Any:
        return event.payload.data

    def identity(self, event: ConnectionEvent[int]) -> Any:
        payload: Payload[int] = event.payload
        return [payload.event, payload.id, payload.data + 1, isinstance(event.connection.client, object), repr(event)[:25]]


@pytest.fixture
def peer() -> Peer:
    return Peer(startedHub(Typed()))


class TestConverting:
    @pytest.mark.parametrize(
        ("event", "data", "result"),
        [
            ("function", {"x": 1}, {"x": 1, "y": 0}),
            ("partial", {"x": 1, "y": 2, "z": 3}, 2),
            ("circle", {"centre": {"x": 1}, "radius": 2}, 3),
            ("move", {"piece": "king", "to": [{"x": 1}]}, ["king", 1]),
            ("pair", [1, "x"], "x"),
            ("when", "2026-01-01T00:00:00Z", True),
            ("keys", {"5": "abc"}, "abc"),
            ("none", None, None),
            ("id", 5, ["id", 1, 6, True, "<ConnectionEvent 'id' of "]),
        ],
    )
    def test_good(self, peer: Peer, event: str, data: Any, result: Any) -> None:
        """A handler gets its data as an object of its type."""
        peer.emit(event, data, id=1)
        assert peer.read()[0]["data"] == {"ok": True, "result": result}

    @pytest.mark.parametrize(
        ("event", "data", "path"),
        [
            ("function", {"x": "secret"}, "$.data.x"),
            ("function", {}, "$.data"),
            ("function", None, "$.data"),
            ("function", {"x": True}, "$.data.x"),
            ("circle", {"centre": {"x": 1, "y": None}, "radius": 2}, "$.data.centre.y"),
            ("circle", {"centre": {"x": 1}, "radius": "secret"}, "$.data.radius"),
            ("move", {"piece": "king", "to": [{"x": 1}, {"x": []}]}, "$.data.to[1].x"),
            ("move", {"piece": "secret", "to": []}, "$.data.piece"),
            ("pair", [1, 2], "$.data[1]"),
            ("when", "secret", "$.data"),
            ("keys", {"secret": "x"}, "$.data"),
            ("keys", {"5": "secret"}, "$.data[...]"),
            ("none", 5, "$.data"),
        ],
    )
    def test_bad(self, peer: Peer, event: str, data: Any, path: str) -> None:
        """Data of another type is refused; the peer is told what is wrong and where, without the value."""
        with logged() as lines:
            peer.emit(event, data, id=1)
        (frame,) = peer.read()
        error = frame["data"]["error"]
        assert (error["code"], error["path"], error["retry"]) == ("payload.invalid", path, False)
        assert error["message"]
        assert "secret" not in str(frame)
        assert lines == []

    def test_withoutAnId(self, peer: Peer) -> None:
        """Data of another type is refused in version 2 without an id, too, and counted."""
        peer.logIn("", v=2)
        peer.read()
        peer.emit("function", 5)
        assert peer.read()[0]["data"] == {
            "event": "function",
            "code": "payload.invalid",
            "message": "Expected `object`, got `int`",
        }

    def test_severalTypes(self) -> None:
        """Several handlers of one event each get their own type; the first one that can't refuses the event."""
        seen: list[Any] = []

        class One:
            @on("x")
            def one(self, event: ConnectionEvent[Point]) -> None:
                seen.append(event.payload.data)

        class Other:
            @on("x")
            def other(self, event: ConnectionEvent[dict[str, int]]) -> None:
                seen.append(event.payload.data)

        class Raw:
            @on("x")
            def raw(self, event: Any) -> None:
                seen.append(event.payload.data)

        class Strict:
            @on("x")
            def strict(self, event: ConnectionEvent[str]) -> None:
                seen.append(event.payload.data)

        peer = Peer(startedHub(One(), Other(), Raw(), Strict()))
        peer.emit("x", {"x": 1}, id=1)
        assert seen == [Point(1), {"x": 1}, {"x": 1}]
        assert peer.read()[0]["data"]["error"]["code"] == "payload.invalid"

    def test_socketEvents(self) -> None:
        """The data of C{socket.*} events can have a type, too."""
        seen: list[Any] = []

        class End(msgspec.Struct):
            code: int
            clean: bool

        class Life:
            @on("socket.close")
            def close(self, event: ConnectionEvent[End]) -> None:
                seen.append(event.payload.data)

        Peer(startedHub(Life())).leave(1001)
        assert seen == [End(1001, True)]

    def test_handlerRefuses(self) -> None:
        """A handler may still refuse data of the right type."""

        class Picky:
            @on("x")
            def x(self, event: ConnectionEvent[Point]) -> None:
                raise PeerError("too.far")

        peer = Peer(startedHub(Picky()))
        peer.emit("x", {"x": 1}, id=1)
        assert peer.read()[0]["data"]["error"]["code"] == "too.far"

    def test_untypedIsCalledDirectly(self) -> None:
        """A handler without a type is called directly."""
        hub = startedHub(Typed())
        table = hub.applications.table(None, Peer(hub).connection)
        table = hub.applications.table(Peer(hub).connection.client, Peer(hub).connection)
        handler = Typed().subscribedEvents()["point"]
        assert table.wire["point"].listeners[0].call.__code__ is handler.__code__


class TestRegistering:
    def test_errorsAtOnce(self) -> None:
        """A missing type is an error when the application is added."""

        class Application:
            @on("pay")
            def pay(self, event: "ConnectionEvent[Decimal]") -> None: ...

        with pytest.raises(UsageError, match="Decimal"):
            startedHub(Application())
        with pytest.raises(UsageError, match="Decimal"):
            startedHub().applications.register(Application)

    def test_forEachConnection(self) -> None:
        """An application that is made for each connection may take types, too."""

        class Application:
            def __init__(self, client: Any, connection: Any) -> None:
                pass

            @on("x")
            def x(self, event: ConnectionEvent[Point]) -> Any:
                return event.payload.data.x

        hub = startedHub()
        hub.applications.register(Application)
        for peer in (Peer(hub), Peer(hub)):
            peer.emit("x", {"x": 7}, id=1)
            assert peer.read()[0]["data"]["result"] == 7

    def test_errorsLater(self) -> None:
        """A missing type that only the made application shows is logged, and the connection goes on without it."""

        @implementer(IApplication)
        class Application:
            def __init__(self, client: Any, connection: Any) -> None:
                pass

            def subscribedEvents(self) -> Any:
                return {"pay": self.pay}

            def pay(self, event: "ConnectionEvent[Decimal]") -> None: ...

        hub = startedHub()
        hub.applications.register(Application)
        with logged() as lines:
            peer = Peer(hub)
            peer.emit("pay", 5, id=1)
        assert peer.read()[0]["data"]["error"]["code"] == "event.unknown"
        assert any("Decimal" in line for line in lines)
