"""
AsyncAPI documents, checked against AsyncAPI's own schema and against the server.
"""

import json
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import msgspec
import pytest
from jsonschema import Draft7Validator

from ratchet_tx import ConnectionEvent, on
from ratchet_tx.describe.asyncapi import makeDocument
from ratchet_tx.describe.events import findRegistered
from ratchet_tx.describe.schemas import EventType
from tests.kit.fakes import Peer, startedHub
from tests.kit.typescript import MODULES


class Point(msgspec.Struct):
    """A place."""

    x: int
    y: int = 0


class Circle(msgspec.Struct, tag="circle"):
    centre: Point


class Square(msgspec.Struct, tag="square", forbid_unknown_fields=True):
    corners: tuple[Point, Point]


class Row(NamedTuple):
    one: int
    other: str = ""


class Drawing:
    @on("point")
    def point(self, event: ConnectionEvent[Point]) -> Point:
        """Draws a point."""
        return event.payload.data

    @on("shape")
    def shape(self, event: ConnectionEvent[Circle | Square]) -> Circle | Square:
        return event.payload.data

    @on("row")
    def row(self, event: ConnectionEvent[Row | None]) -> Row | None:
        return event.payload.data

    @on("colour")
    def colour(self, event: ConnectionEvent[Literal["red", "green"]]) -> None: ...

    @on("by.name")
    def byName(self, event: ConnectionEvent[dict[str, list[int]]]) -> dict[str, list[int]]:
        return event.payload.data

    @on("any")
    def any(self, event: Any) -> Any: ...

    @on("odd / ~ü", "odd / ~ö")
    def odd(self, event: Any) -> Any: ...


def document(*events: EventType) -> Any:
    # As it is written and read again.
    return json.loads(msgspec.json.encode(makeDocument(events, "Drawing", "1.0")))


@pytest.fixture
def drawing() -> Any:
    hub = startedHub(Drawing())
    return document(*findRegistered(hub.applications).events)


def published() -> Draft7Validator:
    """
    Read AsyncAPI's own schema of its documents.
    """
    path = MODULES / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"
    if not path.is_file():
        pytest.skip("@asyncapi/specs is not installed: run npm install in client.")
    return Draft7Validator(json.loads(path.read_text()))


def faults(document: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in published().iter_errors(document)]


def test_published(drawing: Any) -> None:
    """The document matches AsyncAPI's own schema."""
    assert faults(drawing) == []
    assert faults(document()) == []


def test_errorsAreFound(drawing: Any) -> None:
    """AsyncAPI's schema finds errors, in the parts of a document and in its schemas."""
    del drawing["operations"]["point"]["channel"]
    drawing["components"]["schemas"]["Point"]["properties"]["x"]["type"] = "float"
    assert len(faults(drawing)) >= 2


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_references(drawing: Any) -> None:
    """Each reference has a target."""
    found = set(references(drawing))
    assert len(found) > 20
    for reference in found:
        at = drawing
        for part in reference.removeprefix("#/").split("/"):
            at = at[part]
        assert at


def test_parts(drawing: Any) -> None:
    """Each event is an operation that receives its message and replies with another, on the one channel."""
    [(name, channel)] = drawing["channels"].items()
    assert drawing["info"] == {"title": "Drawing", "version": "1.0"}
    assert len(drawing["operations"]) == 8
    operation = drawing["operations"]["point"]
    assert operation["action"] == "receive"
    assert operation["description"] == "Draws a point."
    assert operation["messages"] == [{"$ref": f"#/channels/{name}/messages/point"}]
    assert operation["reply"]["messages"] == [{"$ref": f"#/channels/{name}/messages/point-reply"}]
    assert set(channel["messages"]) == set(drawing["components"]["messages"])
    names = [each["name"] for each in drawing["components"]["messages"].values()]
    assert sorted({*names} - {"socket.reply"}) == sorted(["odd / ~ü", "odd / ~ö", *DATA, "any"])


def test_clients() -> None:
    """The document says which clients may use an event."""
    [operation] = document(EventType("ban", only=("app.IModerator",)))["operations"].values()
    assert operation["tags"][0]["name"] == "app.IModerator"


DATA: dict[str, list[Any]] = {
    "point": [{"x": 1}, {"x": 1, "y": 2, "z": 3}, {"y": 1}, {"x": "1"}, [1], None],
    "shape": [
        {"type": "circle", "centre": {"x": 1}},
        {"type": "square", "corners": [{"x": 1}, {"x": 2}]},
        {"type": "square", "corners": [{"x": 1}]},
        {"type": "square", "corners": [{"x": 1}, {"x": 2}, {"x": 3}]},
        {"type": "square", "corners": [{"x": 1}, {"x": 2}], "more": 1},
        {"type": "line", "centre": {"x": 1}},
        {"centre": {"x": 1}},
    ],
    "row": [[1], [1, "x"], [1, 2], [], [1, "x", None], None],
    "colour": ["red", "blue", None, 1],
    "by.name": [{}, {"a": [1]}, {"a": 1}, {"a": ["1"]}],
}


@pytest.mark.parametrize(("event", "data"), [(event, each) for event, several in DATA.items() for each in several])
def test_agreesWithTheServer(event: str, data: Any) -> None:
    """The document allows what the server accepts, and the replies that it sends."""
    hub = startedHub(Drawing())
    described = document(*findRegistered(hub.applications).events)
    peer = Peer(hub)
    peer.emit(event, data, id=1)
    [reply] = peer.read()
    allowed = validator(described, event).is_valid({"event": event, "data": data, "id": 1})
    assert allowed is reply["data"]["ok"]
    assert validator(described, f"{event}-reply").is_valid(reply)
    assert not validator(described, f"{event}-reply").is_valid({**reply, "data": {"ok": True}})
    assert not validator(described, event).is_valid({"event": "other", "data": data})


def test_optionalData(drawing: Any) -> None:
    """Data is optional where the server accepts null."""
    left = {event: validator(drawing, event).is_valid({"event": event}) for event in (*DATA, "any")}
    assert left == {"point": False, "shape": False, "row": True, "colour": False, "by.name": False, "any": True}


def validator(document: Any, message: str) -> Draft7Validator:
    schema = {**document, "$ref": f"#/components/messages/{message}/payload"}
    Draft7Validator.check_schema(document["components"]["messages"][message]["payload"])
    return Draft7Validator(schema)
