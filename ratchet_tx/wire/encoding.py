"""
Encodes events and their data as JSON, strictly: what JSON can't express is the author's error.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from ratchet_tx.errors import UsageError
from ratchet_tx.wire.names import checkText
from ratchet_tx.wire.sayable import simplify, simplifyAll

_encode: Callable[[Any], bytes] = msgspec.json.Encoder(enc_hook=simplify).encode

#: What encoding raises for what JSON can't say.
_UNSAYABLE = (TypeError, ValueError, OverflowError, RecursionError, UsageError)


def encode(event: str, data: Any, **keys: Any) -> bytes:
    """
    Write a message.

    NaN and the infinities, which JSON can't say, become null; bytes become base64.

    @param keys: what stands beside event and data: C{id}, C{re}, C{room}
    @return: JSON in UTF-8
    @raise UsageError: for data that JSON can't say
    """
    message = {"event": event, "data": data, **keys} if keys else {"event": event, "data": data}
    try:
        return _encode(message)
    except _UNSAYABLE as error:
        return _encodeAgain(event, {**message, "data": None}, data, error)


def encodeData(event: str, data: Any) -> msgspec.Raw:
    """
    Write the data alone, to be put into an envelope later: what is published is encoded once, by who publishes it.

    @raise UsageError: for data that JSON can't say, and for an event's name that can't be sent
    """
    if not event.isascii():
        checkText(event, "the name of an event")
    try:
        if type(data) is msgspec.Raw:
            _checkRaw(data)
        return msgspec.Raw(_encode(data))
    except _UNSAYABLE as error:
        return msgspec.Raw(_encodeAgain(event, None, data, error))


def _checkRaw(data: msgspec.Raw) -> None:
    # What is kept is sent to others later, who would break at what isn't JSON.
    bytes(data).decode()
    msgspec.json.decode(data)


def _encodeAgain(event: str, message: dict[str, Any] | None, data: Any, error: Exception) -> bytes:
    """
    Write what the encoder couldn't, with all of the data made simple first: that can do more about keys, and says where a
    fault is.

    @param message: what the data stands in, if anything
    @param error: what the encoder raised
    @raise UsageError: for data that JSON can't say
    """
    try:
        if not isinstance(error, TypeError | UsageError):
            raise error
        simple = simplifyAll(data)
        return _encode(simple if message is None else {**message, "data": simple})
    except _UNSAYABLE as unsayable:
        # A UnicodeEncodeError would quote the data, which may be secret.
        why = "text with a lone surrogate" if isinstance(unsayable, UnicodeError) else str(unsayable)
        raise UsageError(f"The data of {event!r} can't be sent as JSON: {why}.") from unsayable
