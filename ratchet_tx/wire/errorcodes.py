"""
The error codes of refused events: each is defined here once, with its meaning and whether to retry.

Applications add codes of their own. The names are plain texts, so that using them takes no lookup.
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
    One error code.

    @ivar code: the code
    @ivar why: what it means
    @ivar retry: whether the same event may succeed later; None if that depends, and each refusal says it
    @ivar source: the document that defines it
    """

    code: str
    why: str
    retry: bool | None
    source: str


#: Each code with which the server itself refuses an event.
ERROR_CODES = {
    each.code: each
    for each in (
        ErrorCode(EVENT_UNKNOWN, "No application has registered the event for this client.", False, _REPLIES),
        ErrorCode(PAYLOAD_INVALID, "The message or its data is malformed.", False, _REPLIES),
        ErrorCode(AUTH_REQUIRED, "The peer hasn't logged in.", False, _REPLIES),
        ErrorCode(RATE_LIMITED, "The peer sends too fast.", True, _REPLIES),
        ErrorCode(ROOM_DENIED, "The client may not be in the room, or the policy can't decide now.", None, _ROOMS),
        ErrorCode(ROOM_LIMIT, "The connection is in as many rooms as it may be.", False, _ROOMS),
        ErrorCode(REPLAY_LATER, "What was missed in the room doesn't fit into this reply.", True, _ROOMS),
        ErrorCode(AUTH_INVALID, "The token belongs to no client, or to another one.", False, _LOGIN),
        ErrorCode(AUTH_UNAVAILABLE, "The provider can't look up the token now.", True, _LOGIN),
        ErrorCode(HANDLER_FAILED, "A handler failed; the log has the exception.", False, _REPLIES),
        ErrorCode(HANDLER_TIMEOUT, "A handler took too long; for an event with a key, this is remembered.", None, _REPLIES),
        ErrorCode(REPLY_LOST, "The event was handled, but its reply is no longer kept.", False, _REPLIES),
    )
}

#: Codes that don't refuse an event: a peer didn't reply to an C{ask}, or the server drains.
OTHER_CODES = {
    each.code: each
    for each in (
        ErrorCode(REPLY_TIMEOUT, "The peer didn't reply in time.", False, _REPLIES),
        ErrorCode(SERVER_DRAIN, "The server is stopping.", True, _CLOSING),
    )
}
