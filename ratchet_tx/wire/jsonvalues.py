"""
Converts values that the encoder refuses although JSON can express them, such as subclasses of built-in types.

It doesn't run for data of built-in types only.
"""

from collections import UserString
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from numbers import Integral, Real
from typing import Any
from uuid import UUID

from msgspec import Raw

from ratchet_tx.errors import UsageError

#: Types whose subclasses the encoder refuses, and how to convert these.  The methods are the types' own, because a subclass
#: may override them, as a template's safe string does.
_EXACTLY: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Enum, lambda value: value.value),
    (UserString, str),
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
    (bytes, bytes.__bytes__),
    (Decimal, Decimal.__str__),
    (UUID, UUID.__str__),
    (datetime, datetime.isoformat),
    (date, date.isoformat),
    (time, time.isoformat),
    (Mapping, dict),
    (Collection, list),
    (Integral, int),
    (Real, float),
)


#: Types that the encoder accepts as values: it calls L{simplify} for them only as keys of an object.
_NO_KEYS = frozenset({bool, type(None), list, tuple, dict, set, frozenset})


def simplify(value: Any) -> Any:
    """
    Convert a value to a type that the encoder accepts, without the values in it.

    @raise UsageError: for what JSON can't express; it names the type
    """
    if type(value) in _NO_KEYS:
        raise UsageError(f"an object has no keys of the type {type(value).__name__}")
    # Arrays and numbers of numpy and similar libraries.  First, because some of them are subclasses of Python's types.
    for name in ("tolist", "item"):
        method = getattr(value, name, None) if hasattr(value, "dtype") else None
        if callable(method):
            plain = method()
            # numpy returns a number itself if Python has none like it, such as a long double.
            if type(plain) is not type(value):
                return plain
    for kind, convert in _EXACTLY:
        if isinstance(value, kind):
            return convert(value)
    raise UsageError(f"JSON has nothing for the type {type(value).__name__}")


def simplifyAll(value: Any, path: str = "$") -> Any:
    """
    Convert a value and all values in it to types that the encoder accepts.

    @param path: the value's place, for the error
    @raise UsageError: for what JSON can't express; it names the type and the place
    @raise RecursionError: for a value that contains itself
    """
    if type(value) in _KNOWN or hasattr(type(value), "__struct_fields__"):
        return value
    if isinstance(value, Mapping):
        return dict(_members(value, path))
    if isinstance(value, list | tuple | set | frozenset):
        return [simplifyAll(each, f"{path}[{number}]") for number, each in enumerate(value)]
    names = _fieldsOf(value)
    if names is not None:
        return dict(_members({name: getattr(value, name) for name in names if hasattr(value, name)}, path))
    try:
        return simplifyAll(simplify(value), path)
    except UsageError as error:
        raise UsageError(f"{error} (at {path})" if " (at " not in str(error) else str(error)) from None


def _fieldsOf(value: Any) -> list[str] | None:
    """
    List the field names of a dataclass's or an attrs class's instance.
    """
    if is_dataclass(value):
        return [each.name for each in fields(value)]
    made = getattr(type(value), "__attrs_attrs__", None)
    return None if made is None else [each.name for each in made]


def _members(value: Mapping[Any, Any], path: str) -> Iterator[tuple[Any, Any]]:
    for key, each in value.items():
        name = _key(key, path)
        place = f"{path}.{name}" if isinstance(name, str) and name.isidentifier() else f"{path}[...]"
        yield name, simplifyAll(each, place)


def _key(key: Any, path: str) -> Any:
    if key is None or (isinstance(key, Collection) and not isinstance(key, str | bytes)):
        raise UsageError(f"an object has no keys of the type {type(key).__name__} (at {path})")
    name = key if type(key) in _KNOWN else simplifyAll(key, path)
    return name if type(name) is not bool else "true" if name else "false"


#: The types that the encoder accepts.
_KNOWN = frozenset(
    {str, int, float, bool, type(None), bytes, bytearray, memoryview, Decimal, UUID, datetime, date, time, timedelta, Raw}
)
