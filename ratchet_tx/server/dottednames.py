"""
Imports the objects that the operator names by dotted names, and explains what is wrong with a name.
"""

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import isclass
from pathlib import Path
from typing import Any

from twisted.python.reflect import ModuleNotFound, ObjectNotFound, namedAny

from ratchet_tx.applications.registry import Applications
from ratchet_tx.errors import UsageError


def addApplication(applications: Applications, dotted: str) -> None:
    """
    Register the application that a dotted name stands for.

    @param dotted: the name of an application, of its class, or of a function that registers applications
    @raise UsageError: where that fails
    """
    found = _imported("application", dotted)
    with naming("application", dotted):
        if isclass(found):
            applications.add(found())
        elif callable(found) and not hasattr(found, "subscribedEvents"):
            found(applications)
        else:
            applications.add(found)


def named(option: str, dotted: str, interface: Any) -> Any:
    """
    Find the object that a dotted name stands for; call it if it is a class.

    @param option: the option that named it, for the error
    @param interface: what the object should provide; a class that provides it itself isn't called
    @raise UsageError: where that fails
    """
    found = _imported(option, dotted)
    if not isclass(found) or interface.providedBy(found):
        return found
    with naming(option, dotted):
        return found()


def _imported(option: str, dotted: str) -> Any:
    with naming(option, dotted):
        try:
            return namedAny(dotted)
        except (ModuleNotFound, ObjectNotFound):
            raise UsageError(f"there is no module {dotted.partition('.')[0]!r}") from None
        except AttributeError as error:
            raise UsageError(str(error)) from error


@contextmanager
def naming(option: str, dotted: str) -> Iterator[None]:
    """
    Turn exceptions into a UsageError that names the option, and the line in the author's code that raised.

    @raise UsageError: instead of any other exception
    """
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{option} {dotted}: {error}") from error
    except Exception as error:
        raise UsageError(f"{option} {dotted}: {_describe(error)}") from error


def _describe(error: Exception) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _isAuthors(frame.filename)]
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def _isAuthors(filename: str) -> bool:
    ours = str(Path(__file__).parents[1]) + os.sep
    return not filename.startswith(("<", ours)) and f"{os.sep}twisted{os.sep}" not in filename
