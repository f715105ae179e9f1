"""
Converting values of other than built-in types.
"""

import enum
import types
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, UserString, deque, namedtuple
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec
import pytest

from ratchet_tx.errors import UsageError
from ratchet_tx.wire.encoding import encode, encodeData
from ratchet_tx.wire.jsonvalues import simplify, simplifyAll


class Safe(str):
    """A template's safe string, which overrides C{__str__}."""

    __slots__ = ()

    def __str__(self) -> str:
        return self

    def __html__(self) -> str:
        return "other"


class Whole(int):
    pass


class Broken(float):
    def __float__(self) -> float:
        return 0.0


class Moment(datetime):
    pass


class Kind(enum.Enum):
    HALF = 0.5
    SAFE = Safe("s")


class Number:
    """Like a number of numpy's."""

    dtype = "int64"

    def item(self) -> int:
        return 5


class Wide(float):
    """Like numpy's double, which is a subclass of Python's float."""

    dtype = "float64"

    def tolist(self) -> float:
        return float.__float__(self)


class Array:
    dtype = "float64"

    def tolist(self) -> list[float]:
        return [0.5, 1.5]


class Truth:
    """
    Like numpy's bool.
    """

    dtype = "bool"

    def item(self) -> bool:
        return True


class Long(float):
    """
    Like numpy's long double, for which Python has no number.
    """

    dtype = "longdouble"

    def item(self) -> "Long":
        return self


@dataclass
class Box:
    content: Any


Pair = namedtuple("Pair", "a b")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (Safe("a"), "a"),
        (Whole(3), 3),
        (Broken(1.5), 1.5),
        (Broken("nan"), None),
        (Wide(1.5), 1.5),
        (Number(), 5),
        (Array(), [0.5, 1.5]),
        (deque([1, deque([Safe("b")])]), [1, ["b"]]),
        (types.MappingProxyType({Safe("a"): 1}), {"a": 1}),
        (ChainMap({"a": 1}, {Safe("b"): 2}), {"a": 1, "b": 2}),
        (UserDict({"a": UserList([UserString("b")])}), {"a": ["b"]}),
        (OrderedDict(a=Counter("b")), {"a": {"b": 1}}),
        (Pair(1, Whole(2)), [1, 2]),
        ({Safe("a"): {Whole(1): {Kind.SAFE: Kind.HALF}}}, {"a": {"1": {"s": 0.5}}}),
        ({True: 1, False: 0}, {"true": 1, "false": 0}),
        ({"a": 1}.keys(), ["a"]),
        ({"a": Whole(1)}.values(), [1]),
        (range(3), [0, 1, 2]),
        ({Safe("a")}, ["a"]),
        (frozenset([Whole(1)]), [1]),
        (Fraction(1, 2), 0.5),
        (Decimal("1.50"), "1.50"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Moment(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (Box(deque([Safe("a")])), {"content": ["a"]}),
        (Box({Safe("a"): Box(Whole(1))}), {"content": {"a": {"content": 1}}}),
        (Box({True: Box(Whole(1))}), {"content": {"true": {"content": 1}}}),
        ({Truth(): 1}, {"true": 1}),
        ({True: timedelta(seconds=90)}, {"true": "PT90S"}),
        ({True: [bytearray(b"ab"), memoryview(b"ab"), msgspec.Raw(b"1")]}, {"true": ["YWI=", "YWI=", 1]}),
        ([Long(1.5)], [1.5]),
    ],
    ids=repr,
)
def test_converted(data: Any, said: Any) -> None:
    """Subclasses of built-in types, other collections, and other libraries' numbers can be sent."""
    assert msgspec.json.decode(encodeData("x", data)) == said
    assert msgspec.json.decode(encode("x", [data])) == {"event": "x", "data": [said]}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (object(), r"JSON has nothing for the type object \(at \$\)"),
        ({"a": [1, {Safe("b"): object()}]}, r"JSON has nothing for the type object \(at \$\.a\[1\]\.b\)"),
        (deque([1, 2j]), r"JSON has nothing for the type complex \(at \$\[1\]\)"),
        (Box(object()), r"JSON has nothing for the type object"),
        ({"a": {(1, 2): 3}}, r"an object has no keys of the type tuple \(at \$\.a\)"),
        ({None: 1}, r"an object has no keys of the type NoneType \(at \$\)"),
        ((each for each in [1]), r"JSON has nothing for the type generator \(at \$\)"),
        (deque(["\ud800"]), "text with a lone surrogate"),
        ({Safe("\ud800"): 1}, "text with a lone surrogate"),
    ],
    ids=repr,
)
def test_notJSON(data: Any, why: str) -> None:
    """What JSON can't express is an error with its type and its place."""
    for send in (encode, encodeData):
        with pytest.raises(UsageError, match=rf"^The data of 'x' can't be sent as JSON: {why}"):
            send("x", data)


def test_inItself() -> None:
    """A collection that contains itself is an error."""
    loop: deque[Any] = deque()
    loop.append(loop)
    with pytest.raises(UsageError, match="recursion"):
        encode("x", loop)


def test_simple() -> None:
    """A value is converted alone, or with all values in it."""
    inner = deque([Safe("a")])
    assert simplify(deque([inner])) == [inner]
    assert simplifyAll([inner]) == [["a"]]
    assert type(simplify(Safe("a"))) is str
    assert type(simplify(Whole(1))) is int
