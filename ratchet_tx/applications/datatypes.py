"""
The types that handlers ask the data of their events to be of.

A handler says it by the annotation of its one argument, C{event: ConnectionEvent[Point]}.
"""

from functools import partial
from inspect import Parameter, signature, unwrap
from types import FunctionType, MethodType, SimpleNamespace
from typing import Any, TypeVar, get_args, get_origin, get_type_hints
from weakref import WeakKeyDictionary

import msgspec

from ratchet_tx.applications.event import ConnectionEvent, Handler
from ratchet_tx.errors import UsageError
from ratchet_tx.wire.payload import convertData


class DataTypes:
    """
    What handlers want, each looked at once: an application that is made for each connection has the same functions.
    """

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[FunctionType, dict[type, Any]] = WeakKeyDictionary()

    def of(self, event: str, handler: Handler) -> Any:
        """
        Find the type that a handler wants.

        @param event: what it handles, for the message
        @return: the type; None where any data will do
        @raise UsageError: where it names a type that isn't there, or that nothing in JSON can be
        """
        function = getattr(handler, "__func__", handler)
        if type(function) is not FunctionType:
            return _dataType(event, handler)
        # The argument is another one for a function that is called by itself.
        kinds = self._known.setdefault(function, {})
        if type(handler) not in kinds:
            kinds[type(handler)] = _dataType(event, handler)
        return kinds[type(handler)]


def converting(handler: Handler, kind: Any) -> Handler:
    """
    Make a handler that converts the data, and refuses the event where it can't.
    """

    def convert(event: ConnectionEvent[Any]) -> Any:
        return handler(ConnectionEvent(event.connection, convertData(event.payload, kind), event.hub))

    return convert


def resultType(handler: Handler) -> Any:
    """
    Find the type of what a handler gives, now or later; Any where it doesn't say, or says what nobody can find.

    It is for who describes the handler: what is replied isn't checked against it.
    """
    function = _functionOf(handler)
    try:
        hint = _resolve(getattr(function, "__annotations__", {}).get("return", Any), function)
        # A Deferred, or whatever else is awaited, has its result for the last of its arguments.
        if hasattr(get_origin(hint), "__await__"):
            hint = get_args(hint)[-1]
        checkType(hint)
    except Exception:
        return Any
    return hint


def checkType(kind: Any) -> None:
    """
    Check that JSON can be of a type.

    @raise UsageError: where it can't
    """
    try:
        msgspec.json.schema_components((kind,))
    except TypeError as error:
        raise UsageError(f"Nothing in JSON can be a {_nameOf(kind)}: {str(error).splitlines()[-1]}.") from None


def _dataType(event: str, handler: Handler) -> Any:
    annotation = _annotation(handler)
    if not isinstance(annotation, str) and get_origin(annotation) is not ConnectionEvent:
        return None
    if isinstance(annotation, str) and annotation.rpartition(".")[2] in ("Any", "ConnectionEvent"):
        # That these are imported for type checkers only does no harm.
        return None
    try:
        hint = _resolve(annotation, _functionOf(handler))
    except Exception as error:
        raise UsageError(
            f"The handler of {event!r} wants a type that can't be found ({error}): "
            "name one that its module imports, not only for type checkers, or leave the annotation out."
        ) from error
    if get_origin(hint) is not ConnectionEvent:
        return None
    kind = get_args(hint)[0]
    if kind is Any or isinstance(kind, TypeVar):
        return None
    try:
        checkType(kind)
    except UsageError as error:
        raise UsageError(f"The handler of {event!r} can't be given its data: {error}") from None
    return kind


def _annotation(handler: Handler) -> Any:
    """
    Take the annotation of a handler's argument; of a handler that has none, none.
    """
    try:
        parameters = signature(handler).parameters.values()
    except (TypeError, ValueError):
        # Some builtins have no signature to look at.
        return None
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return next((each.annotation for each in parameters if each.kind in positional), None)


def _functionOf(handler: Any) -> Any:
    """
    Find the function in what may be a method, a partial, or an object that can be called.
    """
    while True:
        handler = unwrap(handler)
        if isinstance(handler, partial):
            handler = handler.func
        elif isinstance(handler, MethodType):
            handler = handler.__func__
        elif isinstance(handler, FunctionType | type):
            return handler
        else:
            handler = type(handler).__call__
            if not isinstance(handler, FunctionType):
                # A builtin's.
                return handler


def _resolve(annotation: Any, function: Any) -> Any:
    # Of this one alone: what else is annotated needn't be there when the program runs.
    named = SimpleNamespace(__annotations__={"it": annotation})
    return get_type_hints(named, getattr(function, "__globals__", {}), include_extras=True)["it"]


def _nameOf(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)
