"""
Writes an AsyncAPI 3.0 document of events.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ratchet_tx.describe.schemas import EventType, Schema, makeSchemas
from ratchet_tx.wire.payload import KEY_LENGTH

#: The names of our own schemas have a hyphen, which no Python type can have in its name.
_REFUSAL = "ratchet-refusal"
_ID = "ratchet-id"

_SCHEMAS = {
    _ID: {
        "description": "The sender wants a reply, which will name this.",
        "type": "integer",
        "minimum": 0,
        "maximum": 2**53 - 1,
    },
    _REFUSAL: {
        "description": "The event was refused, or its handler failed.",
        "type": "object",
        "properties": {
            "ok": {"const": False},
            "error": {
                "type": "object",
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "retry": {"description": "Whether the same may succeed later.", "type": "boolean"},
                },
                "required": ["code", "message", "retry"],
            },
        },
        "required": ["ok", "error"],
    },
}

_CORRELATION = {
    "asked": {"location": "$message.payload#/id", "description": "The id of the event."},
    "replied": {"location": "$message.payload#/re", "description": "The id of the event that it answers."},
}


def makeDocument(events: Iterable[EventType], title: str, version: str) -> dict[str, Any]:
    """
    Make the AsyncAPI document of a server.

    @param events: the server's events
    @param title: the server's name in the document
    @param version: the server's version in the document
    @return: the document, ready to be encoded as JSON
    @raise UsageError: as in L{makeSchemas}
    """
    events = tuple(events)
    schemas = makeSchemas(events, "#/components/schemas/{name}")
    messages: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for each in events:
        key = _newKey(each.event, messages)
        messages[key] = _event(each, _draft7(schemas.data[each.event]))
        reply = _newKey(f"{each.event}-reply", messages)
        messages[reply] = _reply(each.event, _draft7(schemas.results[each.event]))
        operations[key] = _operation(each, key, reply)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": version},
        "defaultContentType": "application/json",
        "channels": {
            "socket": {
                "address": "/",
                "description": "A WebSocket; each text message is one JSON object.",
                "messages": {key: _reference("components", "messages", key) for key in messages},
                "bindings": {"ws": {"method": "GET"}},
            }
        },
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": _SCHEMAS | {name: _draft7(schema) for name, schema in schemas.components.items()},
            "correlationIds": _CORRELATION,
        },
    }


def _newKey(name: str, taken: Mapping[str, Any]) -> str:
    """
    Make a key from an event's name: keys may have fewer characters than names.
    """
    key = wanted = re.sub(r"[^\w.-]", "-", name, flags=re.ASCII)
    number = 1
    while key in taken:
        number += 1
        key = f"{wanted}-{number}"
    return key


def _reference(*path: str) -> Schema:
    return {"$ref": "/".join(("#", *path))}


def _event(described: EventType, data: Schema) -> dict[str, Any]:
    properties = {
        "event": {"const": described.event},
        "data": data,
        "id": _reference("components", "schemas", _ID),
        "key": {
            "description": "Names it, so that it can be sent again without being handled twice.",
            "type": "string",
            "minLength": 1,
            "maxLength": KEY_LENGTH,
        },
    }
    required = ["event", "data"] if described.needsData else ["event"]
    return {
        "name": described.event,
        "payload": {"type": "object", "properties": properties, "required": required},
        "correlationId": _reference("components", "correlationIds", "asked"),
    }


def _reply(event: str, result: Schema) -> dict[str, Any]:
    done = {"type": "object", "properties": {"ok": {"const": True}, "result": result}, "required": ["ok", "result"]}
    properties = {
        "event": {"const": "socket.reply"},
        "data": {"oneOf": [done, _reference("components", "schemas", _REFUSAL)]},
        "re": _reference("components", "schemas", _ID),
    }
    return {
        "name": "socket.reply",
        "title": f"The reply to {event}",
        "payload": {"type": "object", "properties": properties, "required": ["event", "data", "re"]},
        "correlationId": _reference("components", "correlationIds", "replied"),
    }


def _operation(described: EventType, key: str, reply: str) -> dict[str, Any]:
    channel = _reference("channels", "socket")
    operation: dict[str, Any] = {
        "action": "receive",
        "title": described.event,
        "channel": channel,
        "messages": [_reference("channels", "socket", "messages", key)],
        "reply": {"channel": channel, "messages": [_reference("channels", "socket", "messages", reply)]},
    }
    if described.about:
        operation["description"] = described.about
    if described.only:
        operation["tags"] = [{"name": name, "description": "Only for these clients."} for name in described.only]
    return operation


#: The keywords whose values are schemas: one, a list, or several by name.
_ONE = ("additionalProperties", "items", "not")
_LISTED = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("properties", "patternProperties")


def _draft7(schema: Any) -> Any:
    """
    Convert a schema from msgspec's dialect, 2020-12, to AsyncAPI's, draft 7.
    """
    if not isinstance(schema, dict):
        return schema
    made: Schema = {}
    for word, value in schema.items():
        if word in _ONE:
            value = _draft7(value)
        elif word in _LISTED:
            value = [_draft7(each) for each in value]
        elif word in _NAMED:
            value = {name: _draft7(each) for name, each in value.items()}
        made[word] = value
    # AsyncAPI's discriminator is a property's name alone, and the types' tags say the same.
    made.pop("discriminator", None)
    if "prefixItems" in made:
        rest = made.pop("items", None)
        made["items"] = made.pop("prefixItems")
        if rest is not None:
            made["additionalItems"] = rest
    return made
