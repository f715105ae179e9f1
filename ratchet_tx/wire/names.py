"""
Checks the names of events and rooms, and texts that our own side sends.
"""

from typing import Any

from ratchet_tx.errors import UsageError

#: How long a name of an event or a room may be, in characters.
NAME_LENGTH = 128

#: How the protocol's own events begin; no application can send one, and no peer can make us dispatch one.
RESERVED = "socket."


def checkName(name: Any, what: str = "an event") -> None:
    """
    Check a name that our own side uses.

    @param what: what it names, for the message
    @raise UsageError: for what isn't a name
    """
    if not isinstance(name, str):
        raise UsageError(f"The name of {what} is a text, not {type(name).__name__}.")
    if not 0 < len(name) <= NAME_LENGTH:
        raise UsageError(f"The name of {what} is 1 to {NAME_LENGTH} characters, not {len(name)}.")
    checkText(name, f"the name of {what}")


def checkText(text: str, what: str) -> None:
    """
    Check that a text can be sent: a lone surrogate can't.

    @param what: what it is, for the message
    @raise UsageError: where it can't
    """
    if not isEncodable(text):
        # The text itself may be secret.
        raise UsageError(f"{what[0].upper()}{what[1:]} can't be sent: text with a lone surrogate.")


def isEncodable(text: str) -> bool:
    """
    Say whether a text can go over the wire, which one with half a pair of surrogates can't.
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
    Check the name of an event that an application sends; that it can be sent, its encoding tells, or L{checkText}.

    @raise UsageError: for what isn't a name, or is one of the protocol's own
    """
    # What nearly every name is, said in one line, for it is asked for every event that is sent.
    if type(event) is str and 0 < len(event) <= NAME_LENGTH and not event.startswith(RESERVED):
        return
    checkName(event)
    if event.startswith(RESERVED):
        raise UsageError(
            f"{event!r} is one of the protocol's own events: choose a name that doesn't begin with {RESERVED!r}."
        )
