"""
Writes the TypeScript types of events, for use with C{ratchet.d.ts}.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ratchet_tx.describe.schemas import EventType, Schema, makeSchemas

_HEAD = """\
/**
 * The events that the server takes, each with its data and the result of its reply.
 *
 * Made by `python -m ratchet_tx describe --format types`; to be used with ratchet.d.ts:
 *
 *     import type { Events } from './events';
 *     const ratchet = new Ratchet<Events>();
 */
"""

_REFERENCE = "#"

#: Names that no type may have: reserved words, and our own interface.
_RESERVED = frozenset(
    """
    Events any as asserts async await bigint boolean break case catch class const constructor continue debugger declare
    default delete do else enum export extends false finally for from function get if implements import in infer instanceof
    interface is keyof let module namespace never new null number object of package private protected public readonly
    require return set static string super switch symbol this throw true try type typeof undefined unique unknown var void
    while with yield
    """.split()  # noqa: SIM905
)

_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}

_INDENT = "    "


def makeTypes(events: Iterable[EventType]) -> str:
    """
    Write a TypeScript module: the interface C{Events}, and the types that it refers to.

    @raise UsageError: as in L{makeSchemas}
    """
    events = tuple(events)
    schemas = makeSchemas(events, _REFERENCE + "{name}")
    names = _nameAll(schemas.components)
    writing = _Writing(names)
    parts = [_HEAD, *(writing.declaration(names[key], schema) for key, schema in schemas.components.items())]
    members = [
        writing.event(each, schemas.data[each.event], schemas.results[each.event]) + "\n"
        for each in sorted(events, key=lambda each: each.event)
    ]
    return "\n".join([*parts, "export interface Events {\n" + "\n".join(members) + "}\n"])


def _nameAll(components: Mapping[str, Schema]) -> dict[str, str]:
    """
    Give each type its name in Python, changed where TypeScript doesn't allow it or another type has it.
    """
    names: dict[str, str] = {}
    for key, schema in components.items():
        name = wanted = re.sub(r"\W+", "_", schema.get("title", key)).strip("_") or "Type"
        number = 1
        while name in _RESERVED or name in names.values():
            number += 1
            name = f"{wanted}{number}"
        names[key] = name
    return names


class _Writing:
    """
    Writes TypeScript declarations.

    @param names: the names of types, by their references
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def declaration(self, name: str, schema: Schema) -> str:
        comment = _comment([schema.get("description", "")])
        if schema.get("properties"):
            return f"{comment}export interface {name} {self._members(schema, '')}\n"
        return f"{comment}export type {name} = {self.type(schema)};\n"

    def event(self, described: EventType, data: Schema, result: Schema) -> str:
        only = f"Only for {', '.join(described.only)}." if described.only else ""
        comment = _comment([described.about, only], _INDENT)
        argument = f"data{'' if described.needsData else '?'}: {self.type(data, _INDENT)}"
        return f"{comment}{_INDENT}{_literal(described.event)}: ({argument}) => {self.type(result, _INDENT)};"

    def type(self, schema: Schema, indent: str = "") -> str:
        """
        Write a type.

        @param indent: goes before each line but the first
        """
        if "$ref" in schema:
            return self._names[schema["$ref"].removeprefix(_REFERENCE)]
        if "enum" in schema:
            return " | ".join(map(_literal, schema["enum"]))
        if "const" in schema:
            return _literal(schema["const"])
        if "allOf" in schema:
            return " & ".join(_bracketed(self.type(each, indent)) for each in schema["allOf"])
        if "anyOf" in schema or "oneOf" in schema:
            return " | ".join(self.type(each, indent) for each in schema.get("anyOf") or schema["oneOf"])
        kinds = schema.get("type", ())
        kinds = [kinds] if isinstance(kinds, str) else kinds
        return " | ".join(self._typeOf(kind, schema, indent) for kind in kinds) or "any"

    def _typeOf(self, kind: str, schema: Schema, indent: str) -> str:
        if kind == "array":
            return self._array(schema, indent)
        if kind != "object":
            return _SIMPLE[kind]
        if schema.get("properties"):
            return self._members(schema, indent)
        values = schema.get("additionalProperties")
        return f"{{ [key: string]: {self.type(values, indent) if isinstance(values, dict) else 'any'} }}"

    def _array(self, schema: Schema, indent: str) -> str:
        rest = schema.get("items", {})
        if "prefixItems" not in schema:
            return f"{_bracketed(self.type(rest, indent))}[]"
        items = [
            _bracketed(self.type(each, indent)) + ("" if position < schema.get("minItems", 0) else "?")
            for position, each in enumerate(schema["prefixItems"])
        ]
        if rest is not False and schema.get("maxItems") != len(items):
            items.append(f"...{_bracketed(self.type(rest, indent))}[]")
        return f"[{', '.join(items)}]"

    def _members(self, schema: Schema, indent: str) -> str:
        inner = indent + _INDENT
        lines = list(self._memberLines(schema, inner))
        return "{\n" + "".join(lines) + indent + "}"

    def _memberLines(self, schema: Schema, indent: str) -> Iterator[str]:
        required = schema.get("required", ())
        for name, each in schema["properties"].items():
            key = name if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) else _literal(name)
            mark = "" if name in required else "?"
            yield _comment([each.get("description", "")], indent) + f"{indent}{key}{mark}: {self.type(each, indent)};\n"


def _literal(value: Any) -> str:
    return json.dumps(value)


def _bracketed(text: str) -> str:
    return f"({text})" if " | " in text or " & " in text else text


def _comment(paragraphs: list[str], indent: str = "") -> str:
    text = "\n\n".join(each.strip() for each in paragraphs if each.strip()).replace("*/", "* /")
    if not text:
        return ""
    lines = "".join(f"{indent} * {line}".rstrip() + "\n" for line in text.splitlines())
    return f"{indent}/**\n{lines}{indent} */\n"
