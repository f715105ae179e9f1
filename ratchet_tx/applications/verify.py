"""
Checks that an author's object provides its interface, and says what to do where it doesn't.
"""

from inspect import isclass
from typing import Any

from zope.interface import Interface, implementedBy
from zope.interface.exceptions import (  # type: ignore[attr-defined]
    BrokenImplementation,
    BrokenMethodImplementation,
    Invalid,
    MultipleInvalid,
)
from zope.interface.interface import InterfaceClass
from zope.interface.verify import verifyClass, verifyObject

from ratchet_tx.errors import UsageError


def requireProvided(interface: Any, given: Any) -> Any:
    """
    Check an object.

    @return: the object
    @raise UsageError: where it doesn't provide the interface; it names the class and never shows the object
    """
    if not interface.providedBy(given):
        raise _undeclared(interface, type(given))
    try:
        verifyObject(interface, given)
    except Invalid as invalid:
        raise _incomplete(interface, type(given), invalid) from None
    return given


def requireImplemented(interface: Any, kind: type) -> None:
    """
    Check a class, whose objects are to provide an interface.

    @raise UsageError: where they won't
    """
    if not interface.implementedBy(kind):
        raise _undeclared(interface, kind)
    try:
        verifyClass(interface, kind)
    except Invalid as invalid:
        raise _incomplete(interface, kind, invalid) from None


def specificationOf(required: Any, what: str) -> Any:
    """
    Say what zope is to ask for.

    @param required: an interface, a class, or None for anything at all
    @param what: the argument's name, for the message
    @raise UsageError: for anything else
    """
    if required is None:
        return Interface
    if isinstance(required, InterfaceClass):
        return required
    if isclass(required):
        return implementedBy(required)
    raise UsageError(f"{what}= takes an interface, a class or None, not {required!r}.")


def _undeclared(interface: Any, kind: type) -> UsageError:
    name = interface.__name__
    return UsageError(f"{kind.__name__} does not provide {name}: put @implementer({name}) above the class.")


def _incomplete(interface: Any, kind: type, invalid: Invalid) -> UsageError:
    # zope's own text has the object's repr, which may show a token.
    faults = invalid.exceptions if isinstance(invalid, MultipleInvalid) else (invalid,)
    why = ", ".join(_fault(each) for each in faults)
    return UsageError(f"{kind.__name__} does not provide all of {interface.__name__}: {why}.")


def _fault(invalid: Invalid) -> str:
    if isinstance(invalid, BrokenImplementation):
        return f"it has no {_nameOf(invalid.name)}"
    if isinstance(invalid, BrokenMethodImplementation):
        return f"{_nameOf(invalid.method)}: {invalid.mess}"
    return type(invalid).__name__


def _nameOf(described: Any) -> str:
    return described if isinstance(described, str) else str(described.__name__)
