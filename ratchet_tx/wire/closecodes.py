"""
The codes with which connections are closed: each stands here once, with what it says and whether the peer comes again.

A peer comes again after what passes (a drain, a token that has expired, its own slowness), and stays away after what
would only happen again.  Nobody looks a code up while messages go by: the names are plain numbers.
"""

from typing import NamedTuple

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

#: These are never sent (RFC 6455 section 7.4.1): a close without a code, and an end without a close.
NO_CODE, LOST = 1005, 1006

#: A server of another make, or an application, may send it; we don't by ourselves.
_RESTART = 1012


class CloseCode(NamedTuple):
    """
    One close code.

    @ivar code: its number
    @ivar why: why a connection is closed with it
    @ivar comesAgain: whether our clients come again by themselves after it
    @ivar source: where it is defined
    """

    code: int
    why: str
    comesAgain: bool
    source: str


#: Each code that the server closes with by itself, by its number.
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
        CloseCode(DRAINED, "The server is going away, and has said when to come again.", True, _OURS),
        CloseCode(EXPIRED, "The token has expired.", True, _OURS),
        CloseCode(TOO_SLOW, "The peer doesn't read, and too much waits for it.", True, _OURS),
        CloseCode(TOO_FAST, "Too much of what the peer sent was refused as too fast.", True, _OURS),
        CloseCode(NO_PONG, "Nothing came from the peer for too long, not even an answer to a ping.", True, _OURS),
        CloseCode(INVALID_TOKEN, "The peer's token was invalid, too often.", False, _OURS),
        CloseCode(BAD_MESSAGES, "The peer sent nothing but bad messages.", False, _OURS),
        CloseCode(NOT_LOGGED_IN, "The peer hasn't logged in in time.", False, _OURS),
        CloseCode(KICKED, "The peer was sent away, or refused when it came.", False, _OURS),
        CloseCode(ONE_TOO_MANY, "The client has another connection, which is one too many.", False, _OURS),
    )
}

#: After which codes of ours, or of an application's, our clients come again by themselves.
COME_AGAIN_CODES = frozenset(
    {_RESTART, *(each.code for each in CLOSE_CODES.values() if each.comesAgain), *range(4000, 4500)}
)

#: What may be sent of the codes up to 1015: 1004, 1005, 1006 and 1015 never are.
STANDARD_CODES = frozenset(range(1000, 1015)) - {1004, NO_CODE, LOST}
