"""
The JSON Schemas of events.
"""

from typing import Any

import msgspec
import pytest

from ratchet_tx import UsageError
from ratchet_tx.describe.schemas import EventType, makeSchemas


class Point(msgspec.Struct):
    x: int


def test_schemas() -> None:
    """Data and result have a schema each; a named type has one schema, to which the others refer."""
    schemas = makeSchemas([EventType("a", ((Point,),), (int,)), EventType("b", ((list[Point],),), (Point,))], "#/{name}")
    assert schemas.data == {"a": {"$ref": "#/Point"}, "b": {"type": "array", "items": {"$ref": "#/Point"}}}
    assert schemas.results == {"a": {"type": "integer"}, "b": {"$ref": "#/Point"}}
    assert schemas.components["Point"]["required"] == ["x"]


def test_several() -> None:
    """Data must match a type of every handler, one of those for different clients; a result may match any."""
    event = EventType("a", ((int, str), (Point,)), (int, int, str))
    schemas = makeSchemas([event], "#/{name}")
    either = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    assert schemas.data["a"] == {"allOf": [either, {"$ref": "#/Point"}]}
    assert schemas.results["a"] == either


@pytest.mark.parametrize(
    ("takes", "needed"),
    [
        ((), False),
        (((Point,),), True),
        (((Point | None,),), False),
        (((int, None),), False),
        (((Any,), (int,)), True),
    ],
)
def test_needsData(takes: Any, needed: bool) -> None:
    """Data is optional where every handler accepts null."""
    assert EventType("a", takes).needsData is needed


def test_sameNames() -> None:
    """Two types with the same name are an error."""
    one, other = msgspec.defstruct("Größe", []), msgspec.defstruct("Grüße", [])
    with pytest.raises(UsageError, match="rename one"):
        makeSchemas([EventType("a", ((one, other),))], "#/{name}")
