"""
Checks that an object provides an interface, and says how to fix it where it doesn't.
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
    Check that an object provides an interface.

    @return: the object
    @raise UsageError: where it doesn't; the error names the class and never shows the object
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
    Check that a class implements an interface.

    @raise UsageError: where it doesn't
    """
    if not interface.implementedBy(kind):
        raise _undeclared(interface, kind)
    try:
        verifyClass(interface, kind)
    except Invalid as invalid:
        raise _incomplete(interface, kind, invalid) from None


def specificationOf(required: Any, what: str) -> Any:
    """
    Turn an argument of C{register} into what a zope adapter requires.

    @param required: an interface, a class, or None for any object
    @param what: the argument's name, for the error
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
    # zope's own text shows the object's repr, which may have a token.
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
