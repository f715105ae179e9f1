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

GOOD = """
import type { Circle, Events, Events2, Pair, Point, Point2, Square } from './events';

type Received = { 'chat.message': { text: string }; count: (data: number) => void };
const typed = new Ratchet<Events, Received, { username: string }>('ws://localhost');
const untyped = new Ratchet('ws://localhost');
const byHand = new Ratchet<{ point: Point; maybe: Point | null; flag: boolean }>('ws://localhost');
const circle: Circle = { type: 'circle', centre: { x: 1 } };
const square: Square = { type: 'square', corners: [{ x: 1 }, { x: 2, y: 3 }] };

typed.emit('point', { x: 1 });
typed.emit('shape', circle);
typed.emit('shape', square);
typed.emit('both', { x: 1, ...circle });
typed.emit('pair', [1]);
typed.emit('pair', [1, null]);
typed.emit('open', [1, 'more', 2]);
typed.emit('names', { z: true });
typed.emit('maps', { a: [1, 2] });
typed.emit('reserved', { z: true });
typed.emit('any');
typed.emit('any', { what: 'ever' });
typed.emit('maybe');
typed.emit('maybe', null);
typed.emit('an "odd"\\n*/ name', 1.5);

const point: Point | null = JSON.parse('null');
typed.emit('maybe', point);
byHand.emit('maybe', point);
byHand.emit('flag', true);
byHand.on('whatever', (data) => data.anything);

const counted: Promise<number> = typed.emit('point', { x: 1 }, { ack: true });
typed.emit('shape', circle, { ack: 2 }).then((shapes) => shapes.length);
typed.emit('maybe', undefined, { ack: true }).then((result: null) => result);
typed.emit('any', 5, { ack: true }).then((result) => result.anything);
typed.emit('any', 5, { ack: false });

typed.on('chat.message', ({ text }) => text.length).once('count', (count) => count.toFixed());
typed.on('chat.message', function ({ text }) { this.emit('any', text); });
typed.on('socket.close', ({ code }) => code.toFixed());
typed.once('socket.auth.success', ({ client }) => client.username.length);
const username: string | undefined = typed.client?.username;

const results: [Ratchet.Result<Events['shape']>, Ratchet.Result<Events['both']>] = [[circle, square], 'x'];
const maybe: Ratchet.Result<Events['maybe']> = null;
const pair: Ratchet.Result<Events['pair']> = [1, 'x'] satisfies Pair;
const literals: Ratchet.Result<Events['open']>[] = ['red', 2, null];
const names: Ratchet.Result<Events['names']> = { 'an odd-name': 5 } satisfies Events2;

declare const name: string;
untyped.emit(name);
untyped.emit(name, { what: 'ever' });
untyped.emit<number>(name, 5, { ack: true }).then((result) => result.toFixed());
untyped.emit('x', 5, { ack: true }).then((result) => result.anything);
byHand.emit('point', { x: 1 }, { ack: true }).then((result) => result.anything);
untyped.on(name, (data) => data.anything);
untyped.once<{ a: string }>('x', ({ a }) => a.length);
const handler: Ratchet.Handler<number> = function (count) { this.emit('x', count); };
untyped.on('x', handler).off('x', handler).off('x');
typed.on('count', handler);

const half = new Ratchet<any, { may: Point | null; left: (data?: number | null) => void }, { username: string }>();
half.emit(name, 5);
half.on('may', (data: Point | null) => data?.x).on('left', (data: number | null) => data?.toFixed());
half.client?.username.length;
"""

#: Lines each of which is wrong.
BAD = """
typed.emit('nothing');
typed.emit('point');
typed.emit('point', { y: 1 });
typed.emit('point', { x: '1' });
typed.emit('point', { x: 1 }, 2);
typed.emit('shape', { type: 'line' });
typed.emit('shape', { type: 'square', corners: [{ x: 1 }] });
typed.emit('both', { x: 1 });
typed.emit('pair', [1, 2]);
typed.emit('pair', [1, null, 3]);
typed.emit('open', []);
typed.emit('names', { x: 1 });
typed.emit('maps', { a: 1 });
typed.emit('maybe', 5);
typed.emit('point', { x: 1 }).then(() => 0);
typed.emit('point', { x: 1 }, { ack: 'yes' });
typed.emit('point', { x: '1' }, { ack: true });
typed.emit('nothing', 5, { ack: true });
typed.emit<string>('point', { x: 1 }, { ack: true });
const text: Promise<string> = typed.emit('point', { x: 1 }, { ack: true });
typed.emit('socket.auth.request', {});
typed.on('chat.message', (count: number) => count);
typed.on('chat.mesage', () => 0);
typed.once<number>('chat.message', (count) => count);
typed.client!.name;
byHand.emit('point');
byHand.emit('flag', 1);
untyped.emit('x', 1, 2);
untyped.emit(5);
half.emit('x', 1, 2);
half.on('may', (data: Point) => data.x);
untyped.on('socket.close', ({ kode }) => kode);
const wrong: Ratchet.Result<Events['point']> = 'x';
const worse: Ratchet.Result<Events['open']> = 'green';
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "events.d.ts").write_text(makeTypes(EVENTS))
    return tmp_path


def test_right(folder: Path) -> None:
    """Correct programs compile: with the events' types, with types of one's own, and without types."""
    program = folder / "program.ts"
    program.write_text(GOOD)
    assert errors(program) == []


def test_wrong(folder: Path) -> None:
    """Wrong programs don't compile: wrong names, data, missing and extra members, handlers and results."""
    program = folder / "program.ts"
    program.write_text(GOOD + BAD)
    assert sorted(set(errors(program))) == sorted(BAD.split("\n")[1:-1])


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
