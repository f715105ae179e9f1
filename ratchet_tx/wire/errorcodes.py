"""
The codes with which events are refused: each stands here once, with what it says and whether to try again.

Applications have codes of their own beside these.  Nobody looks a code up while messages go by: the names are plain texts.
"""

from typing import NamedTuple

_REPLIES = "PROTOCOL, Replies, both ways"
_LOGIN = "PROTOCOL, Login"
_ROOMS = "PROTOCOL, Rooms and recovery"
_CLOSING = "PROTOCOL, Closing"

EVENT_UNKNOWN = "event.unknown"
PAYLOAD_INVALID = "payload.invalid"
AUTH_REQUIRED = "auth.required"
RATE_LIMITED = "rate.limited"
ROOM_DENIED = "room.denied"
ROOM_LIMIT = "room.limit"
REPLAY_LATER = "replay.later"
AUTH_INVALID = "auth.invalid"
AUTH_UNAVAILABLE = "auth.unavailable"
HANDLER_FAILED = "handler.failed"
HANDLER_TIMEOUT = "handler.timeout"
REPLY_LOST = "reply.lost"

REPLY_TIMEOUT = "reply.timeout"
SERVER_DRAIN = "server.drain"


class ErrorCode(NamedTuple):
    """
    One code of an error.

    @ivar code: the code
    @ivar why: why it is said
    @ivar retry: whether the same may succeed later; None where it depends, and each refusal says so itself
    @ivar source: where it is defined
    """

    code: str
    why: str
    retry: bool | None
    source: str


#: Each code by which the server refuses an event by itself.
ERROR_CODES = {
    each.code: each
    for each in (
        ErrorCode(EVENT_UNKNOWN, "Nobody registered the event for this client.", False, _REPLIES),
        ErrorCode(PAYLOAD_INVALID, "The message isn't what it should be.", False, _REPLIES),
        ErrorCode(AUTH_REQUIRED, "The peer hasn't logged in.", False, _REPLIES),
        ErrorCode(RATE_LIMITED, "It is too much at once.", True, _REPLIES),
        ErrorCode(ROOM_DENIED, "The client may not be in the room, or nobody can say just now.", None, _ROOMS),
        ErrorCode(ROOM_LIMIT, "The connection is in as many rooms as it may be.", False, _ROOMS),
        ErrorCode(REPLAY_LATER, "What was missed in the room doesn't fit into this reply.", True, _ROOMS),
        ErrorCode(AUTH_INVALID, "The token is nobody's, or another client's.", False, _LOGIN),
        ErrorCode(AUTH_UNAVAILABLE, "Nobody can say at the moment whose the token is.", True, _LOGIN),
        ErrorCode(HANDLER_FAILED, "A handler failed; the log says how.", False, _REPLIES),
        ErrorCode(HANDLER_TIMEOUT, "A handler took too long; with a key, that is remembered.", None, _REPLIES),
        ErrorCode(REPLY_LOST, "The event was handled, and its reply isn't kept any more.", False, _REPLIES),
    )
}

#: Codes that refuse no event: a peer left our question open, or the server takes its leave.
OTHER_CODES = {
    each.code: each
    for each in (
        ErrorCode(REPLY_TIMEOUT, "The peer didn't answer a question in time.", False, _REPLIES),
        ErrorCode(SERVER_DRAIN, "The server is stopping.", True, _CLOSING),
    )
}
