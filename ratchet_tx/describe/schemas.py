"""
Makes the JSON Schemas of events: of the data that they take, and of their results.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from ratchet_tx.errors import UsageError

#: A JSON Schema, in the dialect of 2020-12, as msgspec makes it.
Schema = dict[str, Any]


class EventType(NamedTuple):
    """
    One event that peers may send.

    @ivar takes: the types of its data, a group for each application: the data must match one type of every group; empty for
        any data
    @ivar gives: the types of the reply's result: it matches one of them
    @ivar about: the first paragraphs of the handlers' docstrings
    @ivar only: the clients that may use it, as dotted names of interfaces or classes; empty for all
    """

    event: str
    takes: tuple[tuple[Any, ...], ...] = ()
    gives: tuple[Any, ...] = (Any,)
    about: str = ""
    only: tuple[str, ...] = ()

    @property
    def needsData(self) -> bool:
        """
        Whether the event is refused without data.
        """
        return not all(any(_takesNull(kind) for kind in group) for group in self.takes)


class Schemas(NamedTuple):
    """
    The JSON Schemas of several events.

    @ivar data: the schema of the data, by event
    @ivar results: the schema of the result, by event
    @ivar components: the schemas of named types, to which the others refer
    """

    data: dict[str, Schema]
    results: dict[str, Schema]
    components: dict[str, Schema]


def makeSchemas(events: Iterable[EventType], reference: str) -> Schemas:
    """
    Make the JSON Schemas of events.

    @param reference: the reference to a named type, with C{{name}} for its name
    @raise UsageError: where two types have the same name in JSON Schema
    """
    events = tuple(events)
    kinds = [kind for each in events for kind in (*each.gives, *(kind for group in each.takes for kind in group))]
    try:
        made, components = msgspec.json.schema_components(kinds, ref_template=reference)
    except KeyError as error:
        raise UsageError(
            f"Two types have the same name, or differ only in letters that no name in JSON Schema has ({error}): rename one."
        ) from None
    schemas = iter(made)
    data, results = {}, {}
    for each in events:
        results[each.event] = _joined("anyOf", [next(schemas) for _ in each.gives])
        groups = [_joined("anyOf", [next(schemas) for _ in group]) for group in each.takes]
        data[each.event] = _joined("allOf", groups) if groups else {}
    return Schemas(data, results, components)


def _joined(word: str, schemas: list[Schema]) -> Schema:
    different = [each for position, each in enumerate(schemas) if each not in schemas[:position]]
    return different[0] if len(different) == 1 else {word: different}


def _takesNull(kind: Any) -> bool:
    try:
        msgspec.convert(None, kind)
    except msgspec.ValidationError:
        return False
    return True
