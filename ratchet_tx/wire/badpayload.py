"""
Turns msgspec's errors into refusals that say what is wrong with a message, and where.

No refusal quotes a value: it may be secret.
"""

import re
from typing import Any

import msgspec

from ratchet_tx.errors import PeerError
from ratchet_tx.wire.errorcodes import PAYLOAD_INVALID
from ratchet_tx.wire.messageid import asID, idOf
from ratchet_tx.wire.nesting import DEPTH

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")

#: Finds the value in msgspec's message.
_QUOTING = re.compile(r"^(Invalid (?:enum )?value) .*", re.DOTALL)


class BadPayload(PeerError):
    """
    The refusal of a malformed message.

    @ivar id: the message's id, if it could be read

    Its fact C{path} is the place of the error, as in C{$.data.x[0]}.
    """

    def __init__(self, message: str, id: int | None = None, path: str = "$") -> None:
        super().__init__(PAYLOAD_INVALID, message, path=path)
        self.id = id


class _Answerable(msgspec.Struct):
    """
    A message's id, whatever else is wrong with the message.

    @ivar id: any JSON value; if the key is there several times, the last one
    """

    id: Any = None


_decodeAnswerable = msgspec.json.Decoder(_Answerable).decode


def badMessage(text: bytes, error: Exception) -> BadPayload:
    """
    Make the refusal of a message that can't be decoded.

    @param text: the message
    @param error: what decoding it raised: an error of msgspec's, a C{UnicodeDecodeError} or a C{RecursionError}
    """
    if isinstance(error, msgspec.ValidationError):
        message, path = _fault(error)
        return BadPayload(message, _idOf(text), path)
    if isinstance(error, RecursionError):
        return BadPayload(f"Nested more than {DEPTH} deep", _idOf(text))
    # DecodeError or UnicodeDecodeError: their texts have only positions, and say little.
    isJSON, id = _grammar(text)
    return BadPayload("Half a surrogate pair" if isJSON and _SURROGATE.search(text) else "Not JSON", id)


def badData(id: int | None, error: msgspec.ValidationError) -> BadPayload:
    """
    Make the refusal of a message whose data doesn't match a type.

    @param id: the message's id
    """
    message, path = _fault(error)
    return BadPayload(message, id, path=f"$.data{path[1:]}")


def _idOf(text: bytes) -> int | None:
    """
    Find the id of a malformed message that is JSON, so that its sender gets a reply.
    """
    return _grammar(text)[1]


def _grammar(text: bytes) -> tuple[bool, int | None]:
    """
    Check a malformed message against JSON's grammar alone.

    @return: whether it is a JSON object, and its id
    """
    try:
        # A lone surrogate is allowed by JSON's grammar, but is no text.
        return True, asID(_decodeAnswerable(_SURROGATE.sub(rb"\\u0020", text)).id)
    except RecursionError:
        return True, idOf(text)
    except ValueError:
        return False, None


def _fault(error: msgspec.ValidationError) -> tuple[str, str]:
    """
    Split msgspec's message into what is wrong, and where.
    """
    text = str(error)
    # The peer's text may be quoted in it, and may look like a place: the last one is msgspec's.
    message, at, place = text.rpartition(" - at `") if text.endswith("`") else (text, "", "")
    # For a key msgspec says: `key` in `$.x`.
    return _QUOTING.sub(r"\1", message or text), place.rstrip("`").rpartition("`")[2] if at else "$"
