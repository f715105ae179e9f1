"""
Checks the names of events and rooms, and texts that the server sends.
"""

from typing import Any

from ratchet_tx.errors import UsageError

#: How long a name of an event or a room may be, in characters.
NAME_LENGTH = 128

#: The names of the protocol's own events begin so: applications can't send them, and peers' aren't dispatched.
RESERVED = "socket."


def checkName(name: Any, what: str = "an event") -> None:
    """
    Check a name that the server's own code uses.

    @param what: what it names, for the error
    @raise UsageError: for what isn't a name
    """
    if not isinstance(name, str):
        raise UsageError(f"The name of {what} is a text, not {type(name).__name__}.")
    if not 0 < len(name) <= NAME_LENGTH:
        raise UsageError(f"The name of {what} is 1 to {NAME_LENGTH} characters, not {len(name)}.")
    checkText(name, f"the name of {what}")


def checkText(text: str, what: str) -> None:
    """
    Check that a text can be sent: one with a lone surrogate can't.

    @param what: what the text is, for the error
    @raise UsageError: for one that can't be sent
    """
    if not isEncodable(text):
        # The text itself may be secret.
        raise UsageError(f"{what[0].upper()}{what[1:]} can't be sent: text with a lone surrogate.")


def isEncodable(text: str) -> bool:
    """
    Say whether a text can be encoded as UTF-8: one with a lone surrogate can't.
    """
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def checkEvent(event: Any) -> None:
    """
    Check the name of an event that an application sends.

    Lone surrogates pass; encoding, or L{checkText}, refuses them.

    @raise UsageError: for what isn't a name, and for a C{socket.*} event
    """
    # One line for nearly all names, because this runs for every event that is sent.
    if type(event) is str and 0 < len(event) <= NAME_LENGTH and not event.startswith(RESERVED):
        return
    checkName(event)
    if event.startswith(RESERVED):
        raise UsageError(
            f"{event!r} is one of the protocol's own events: choose a name that doesn't begin with {RESERVED!r}."
        )
