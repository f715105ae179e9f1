"""
The close codes: each is defined here once, with its meaning and whether clients reconnect after it.

Clients reconnect after a temporary cause (a drain, an expired token, a full queue), and not where the same would happen
again. The names are plain numbers, so that using them takes no lookup.
"""

from typing import Any, NamedTuple

from ratchet_tx.errors import UsageError
from ratchet_tx.wire.names import checkText

_RFC = "RFC 6455 section 7.4.1"
_IANA = "IANA, WebSocket Close Code Number Registry"
_OURS = "PROTOCOL, Closing"

DONE = 1000
GOING_AWAY = 1001
BAD_FRAMES = 1002
NOT_TEXT = 1003
BAD_UTF8 = 1007
TOO_BIG = 1009
OUR_FAULT = 1011
TRY_AGAIN_LATER = 1013

DRAINED = 4001
EXPIRED = 4003
TOO_SLOW = 4008
TOO_FAST = 4009
NO_PONG = 4012

INVALID_TOKEN = 4500
BAD_MESSAGES = 4501
NOT_LOGGED_IN = 4502
KICKED = 4503
ONE_TOO_MANY = 4504

#: These are never sent (RFC 6455 section 7.4.1): they stand for a close without a code, and for an end without a close.
NO_CODE, LOST = 1005, 1006

#: "Service restart": we don't send it, but applications and other servers may.
_RESTART = 1012


class CloseCode(NamedTuple):
    """
    One close code.

    @ivar code: its number
    @ivar why: why a connection is closed with it
    @ivar reconnects: whether our clients reconnect after it
    @ivar source: the document that defines it
    """

    code: int
    why: str
    reconnects: bool
    source: str


#: Each code with which the server itself closes connections, by its number.
CLOSE_CODES = {
    each.code: each
    for each in (
        CloseCode(DONE, "It is done.", False, _RFC),
        CloseCode(GOING_AWAY, "The server is going away.", True, _RFC),
        CloseCode(BAD_FRAMES, "The peer's frames break RFC 6455.", False, _RFC),
        CloseCode(NOT_TEXT, "The peer sent a binary message.", False, _RFC),
        CloseCode(BAD_UTF8, "The peer's text isn't UTF-8.", False, _RFC),
        CloseCode(TOO_BIG, "The peer's message is too big.", False, _RFC),
        CloseCode(OUR_FAULT, "The server has failed.", True, _RFC),
        CloseCode(TRY_AGAIN_LATER, "The application refused the connection for now.", True, _IANA),
        CloseCode(DRAINED, "The server is going away, and has told when to reconnect.", True, _OURS),
        CloseCode(EXPIRED, "The token has expired.", True, _OURS),
        CloseCode(TOO_SLOW, "The peer reads too slowly, and its send queue is full.", True, _OURS),
        CloseCode(TOO_FAST, "The peer sent too fast, too often.", True, _OURS),
        CloseCode(NO_PONG, "The peer didn't answer a ping, and sent nothing else.", True, _OURS),
        CloseCode(INVALID_TOKEN, "The peer sent too many invalid tokens.", False, _OURS),
        CloseCode(BAD_MESSAGES, "The peer sent too many bad messages.", False, _OURS),
        CloseCode(NOT_LOGGED_IN, "The peer didn't log in in time.", False, _OURS),
        CloseCode(KICKED, "The peer was disconnected, or refused when it connected.", False, _OURS),
        CloseCode(ONE_TOO_MANY, "The client has too many connections.", False, _OURS),
    )
}

#: The codes after which our clients reconnect, those of applications included.
RECONNECT_CODES = frozenset({_RESTART, *(each.code for each in CLOSE_CODES.values() if each.reconnects), *range(4000, 4500)})

#: The codes up to 1015 that may be sent: 1004, 1005, 1006 and 1015 never are.
STANDARD_CODES = frozenset(range(1000, 1015)) - {1004, NO_CODE, LOST}


def checkCloseCode(code: Any) -> None:
    """
    Check a close code (RFC 6455 section 7.4).

    @raise UsageError: for one that may not be sent
    """
    sendable = isinstance(code, int) and (code in STANDARD_CODES or 3000 <= code <= 4999)
    if not sendable:
        told = code if isinstance(code, int) else f"a {type(code).__name__}"
        raise UsageError(f"A connection is closed with a code of 1000 to 1014, or of 3000 to 4999, not {told}.")


def checkClose(code: Any, reason: Any) -> None:
    """
    Check the code and the reason of a close.

    @raise UsageError: for a code that may not be sent, or a reason that isn't a text
    """
    checkCloseCode(code)
    if not isinstance(reason, str):
        raise UsageError(f"The reason of a close is a text, not {type(reason).__name__}.")
    checkText(reason, "the reason of a close")
