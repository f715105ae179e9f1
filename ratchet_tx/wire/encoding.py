"""
Encodes events and their data as JSON; data that JSON can't express raises UsageError.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from ratchet_tx.errors import UsageError
from ratchet_tx.wire.jsonvalues import simplify, simplifyAll
from ratchet_tx.wire.names import checkText

_encode: Callable[[Any], bytes] = msgspec.json.Encoder(enc_hook=simplify).encode

#: What the encoder raises for data that JSON can't express.
_NOT_JSON = (TypeError, ValueError, OverflowError, RecursionError, UsageError)


def encode(event: str, data: Any, **keys: Any) -> bytes:
    """
    Encode a message.

    NaN and the infinities become null; bytes become base64.

    @param keys: further keys of the envelope: C{id}, C{re}, C{room}
    @return: JSON in UTF-8
    @raise UsageError: for data that JSON can't express
    """
    message = {"event": event, "data": data, **keys} if keys else {"event": event, "data": data}
    try:
        return _encode(message)
    except _NOT_JSON as error:
        return _encodeAgain(event, {**message, "data": None}, data, error)


def encodeData(event: str, data: Any) -> msgspec.Raw:
    """
    Encode the data alone: what is published is encoded once, and put into an envelope later.

    @raise UsageError: for data that JSON can't express, and for an event's name that can't be sent
    """
    if not event.isascii():
        checkText(event, "the name of an event")
    try:
        if type(data) is msgspec.Raw:
            _checkRaw(data)
        return msgspec.Raw(_encode(data))
    except _NOT_JSON as error:
        return msgspec.Raw(_encodeAgain(event, None, data, error))


def _checkRaw(data: msgspec.Raw) -> None:
    # It is sent to other peers later, and clients would fail at what isn't JSON.
    bytes(data).decode()
    msgspec.json.decode(data)


def _encodeAgain(event: str, message: dict[str, Any] | None, data: Any, error: Exception) -> bytes:
    """
    Encode data that the encoder refused, after converting all of it: this accepts more types of keys, and finds the place of
    an error.

    @param message: the envelope; None to encode the data alone
    @param error: what the encoder raised
    @raise UsageError: for data that JSON can't express
    """
    try:
        if not isinstance(error, TypeError | UsageError):
            raise error
        simple = simplifyAll(data)
        return _encode(simple if message is None else {**message, "data": simple})
    except _NOT_JSON as failure:
        # A UnicodeEncodeError would quote the data, which may be secret.
        why = "text with a lone surrogate" if isinstance(failure, UnicodeError) else str(failure)
        raise UsageError(f"The data of {event!r} can't be sent as JSON: {why}.") from failure
