"""
The TypeScript types, checked by TypeScript's compiler.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import pytest

from ratchet_tx.describe.schemas import EventType
from ratchet_tx.describe.typescript import makeTypes
from tests.kit.typescript import errors

PROGRAMS = Path(__file__).parent / "programs"


class Point(msgspec.Struct):
    """
    A place */ on a map.
    """

    x: int
    y: Annotated[int, msgspec.Meta(description="How far up.")] = 0


class Circle(msgspec.Struct, tag="circle"):
    centre: Point


class Square(msgspec.Struct, tag="square"):
    corners: tuple[Point, Point]


class Pair(NamedTuple):
    one: int
    other: str | None = None


class Open(msgspec.Struct, array_like=True):
    one: int


class Events(msgspec.Struct, rename={"odd": "an odd-name"}):
    odd: int


Again = msgspec.defstruct("Point", [("z", bool)], module="elsewhere")
Reserved = msgspec.defstruct("string", [("z", bool)])

EVENTS = [
    EventType("point", ((Point,),), (int,), "Draws it."),
    EventType("shape", ((Circle | Square,),), (list[Circle | Square],)),
    EventType("both", ((Point,), (Circle, Square)), (int, str)),
    EventType("pair", ((Pair,),), (Pair | None,)),
    EventType("open", ((Open,),), (Literal["red", 2, None],)),
    EventType("names", ((Again,),), (Events,)),
    EventType("maps", ((dict[str, set[int]],),), (dict[Any, Any],)),
    EventType("reserved", ((Reserved,),)),
    EventType("any"),
    EventType("maybe", ((Point | None,),), (type(None),), only=("app.IModerator",)),
    EventType('an "odd"\n*/ name', ((float | bool,),)),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "events.d.ts").write_text(makeTypes(EVENTS))
    return tmp_path


def test_right(folder: Path) -> None:
    """Correct programs compile: with the events' types, with types of one's own, and without types."""
    program = folder / "program.ts"
    program.write_text((PROGRAMS / "right.ts").read_text())
    assert errors(program) == []


def test_wrong(folder: Path) -> None:
    """Wrong programs don't compile: wrong names, data, missing and extra members, handlers and results."""
    program = folder / "program.ts"
    wrong = (PROGRAMS / "wrong.ts").read_text()
    program.write_text((PROGRAMS / "right.ts").read_text() + wrong)
    assert sorted(set(errors(program))) == sorted(wrong.splitlines()[1:])


def test_written() -> None:
    """The types have their Python names and docstrings."""
    written = makeTypes([EVENTS[0], EVENTS[9]])
    assert written[written.index("/**\n * A place") :] == (
        "/**\n * A place * / on a map.\n */\n"
        "export interface Point {\n"
        "    x: number;\n"
        "    /**\n     * How far up.\n     */\n"
        "    y?: number;\n"
        "}\n"
        "\n"
        "export interface Events {\n"
        "    /**\n     * Only for app.IModerator.\n     */\n"
        '    "maybe": (data?: Point | null) => null;\n'
        "\n"
        "    /**\n     * Draws it.\n     */\n"
        '    "point": (data: Point) => number;\n'
        "}\n"
    )


def test_nothing(tmp_path: Path) -> None:
    """Without events, none can be sent."""
    (tmp_path / "events.d.ts").write_text(makeTypes([]))
    program = tmp_path / "program.ts"
    program.write_text("import type { Events } from './events';\nnew Ratchet<Events>().emit('x');\n")
    assert errors(program) == ["new Ratchet<Events>().emit('x');"]
