"""
What events are like, in JSON Schema.
"""

from typing import Any

import msgspec
import pytest

from ratchet_tx import UsageError
from ratchet_tx.describe.schemas import EventType, makeSchemas


class Point(msgspec.Struct):
    x: int


def test_schemas() -> None:
    """Data and result have a schema each; types with names have theirs once, and are referred to."""
    schemas = makeSchemas([EventType("a", ((Point,),), (int,)), EventType("b", ((list[Point],),), (Point,))], "#/{name}")
    assert schemas.data == {"a": {"$ref": "#/Point"}, "b": {"type": "array", "items": {"$ref": "#/Point"}}}
    assert schemas.results == {"a": {"type": "integer"}, "b": {"$ref": "#/Point"}}
    assert schemas.components["Point"]["required"] == ["x"]


def test_several() -> None:
    """Data has to be what each handler takes, of the types for different clients one; a result is that of any."""
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
    """Data may be left out where null is taken, by all."""
    assert EventType("a", takes).needsData is needed


def test_sameNames() -> None:
    """Types whose names can't be told from each other are the author's error."""
    one, other = msgspec.defstruct("Größe", []), msgspec.defstruct("Grüße", [])
    with pytest.raises(UsageError, match="rename one"):
        makeSchemas([EventType("a", ((one, other),))], "#/{name}")
