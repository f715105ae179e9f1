"""
Finds the types of the data that handlers take, and of the results that they give.

A handler annotates its argument to say the type of the data: C{event: ConnectionEvent[Point]}.
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
    The types of the data that handlers take.

    Each function is examined once: applications that are made for each connection share their functions.
    """

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[FunctionType, dict[type, Any]] = WeakKeyDictionary()

    def of(self, event: str, handler: Handler) -> Any:
        """
        Find the type of the data that a handler takes.

        @param event: the event that it handles, for the error
        @return: the type; None where the handler takes any data
        @raise UsageError: for a type that can't be found, or can't be decoded from JSON
        """
        function = getattr(handler, "__func__", handler)
        if type(function) is not FunctionType:
            return _dataType(event, handler)
        # A method's event is its second argument, a function's the first, so both are kept.
        kinds = self._known.setdefault(function, {})
        if type(handler) not in kinds:
            kinds[type(handler)] = _dataType(event, handler)
        return kinds[type(handler)]


def converting(handler: Handler, kind: Any) -> Handler:
    """
    Wrap a handler, so that it gets its data converted to a type; data that doesn't match is refused.
    """

    def convert(event: ConnectionEvent[Any]) -> Any:
        return handler(ConnectionEvent(event.connection, convertData(event.payload, kind), event.hub))

    return convert


def resultType(handler: Handler) -> Any:
    """
    Find the type of a handler's result, awaited; Any where it has no annotation, or one that can't be resolved.

    This is for documents only: replies aren't checked against it.
    """
    function = _functionOf(handler)
    try:
        hint = _resolve(getattr(function, "__annotations__", {}).get("return", Any), function)
        # The last type argument of a Deferred, or of another awaitable, is its result.
        if hasattr(get_origin(hint), "__await__"):
            hint = get_args(hint)[-1]
        checkType(hint)
    except Exception:
        return Any
    return hint


def checkType(kind: Any) -> None:
    """
    Check that a type can be decoded from JSON.

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
        # These may be imported for type checkers only: they name no type of data.
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
    Find the annotation of a handler's argument; None where it has no argument.
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
    Find the function behind a handler: a method, a partial, or a callable object.
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
    # Only this annotation: the others may name types that are imported for type checkers only.
    named = SimpleNamespace(__annotations__={"it": annotation})
    return get_type_hints(named, getattr(function, "__globals__", {}), include_extras=True)["it"]


def _nameOf(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)
