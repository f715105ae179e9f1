"""
Says what is wrong with a message, and where: takes the errors of msgspec apart.

No error quotes a value: it is nobody's business but the peer's.
"""

import re
from typing import Any

import msgspec

from ratchet_tx.errors import PeerError
from ratchet_tx.wire.errorcodes import PAYLOAD_INVALID
from ratchet_tx.wire.nesting import DEPTH
from ratchet_tx.wire.salvage import asID, idOf

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")

#: Where msgspec's message has the value.
_QUOTING = re.compile(r"^(Invalid (?:enum )?value) .*", re.DOTALL)


class BadPayload(PeerError):
    """
    A message that isn't what PROTOCOL asks for.

    @ivar id: the message's id, where that could still be read

    Its fact C{path} is the place of the fault, as in C{$.data.x[0]}.
    """

    def __init__(self, message: str, id: int | None = None, path: str = "$") -> None:
        super().__init__(PAYLOAD_INVALID, message, path=path)
        self.id = id


class _Answerable(msgspec.Struct):
    """
    The least of a bad envelope that makes it answerable.

    @ivar id: whatever stands there: of several the last counts, and none before it
    """

    id: Any = None


_decodeAnswerable = msgspec.json.Decoder(_Answerable).decode


def badMessage(text: bytes, error: Exception) -> BadPayload:
    """
    Say what is wrong with a text that isn't a message.

    @param text: the message
    @param error: what reading it raised: one of msgspec's, or a C{UnicodeDecodeError}, or a C{RecursionError}
    """
    if isinstance(error, msgspec.ValidationError):
        message, path = _fault(error)
        return BadPayload(message, _idOf(text), path)
    if isinstance(error, RecursionError):
        return BadPayload(f"Nested more than {DEPTH} deep", _idOf(text))
    # DecodeError and UnicodeDecodeError are ValueErrors. Their texts quote positions only, but say little.
    isJSON, id = _grammar(text)
    return BadPayload("Half a surrogate pair" if isJSON and _SURROGATE.search(text) else "Not JSON", id)


def badData(id: int | None, error: msgspec.ValidationError) -> BadPayload:
    """
    Say what is wrong with the data of a message.

    @param id: the message's
    """
    message, path = _fault(error)
    return BadPayload(message, id, path=f"$.data{path[1:]}")


def _idOf(text: bytes) -> int | None:
    """
    Find the id of a message that can't be read, but is JSON by its grammar: its sender is owed a reply.
    """
    return _grammar(text)[1]


def _grammar(text: bytes) -> tuple[bool, int | None]:
    """
    Look at a text that can't be read by JSON's grammar alone.

    @return: whether it is an object in JSON, and its id
    """
    try:
        # Half a pair of surrogates is JSON, and no text.
        return True, asID(_decodeAnswerable(_SURROGATE.sub(rb"\\u0020", text)).id)
    except RecursionError:
        return True, idOf(text)
    except ValueError:
        return False, None


def _fault(error: msgspec.ValidationError) -> tuple[str, str]:
    """
    Take msgspec's words apart: what is wrong, and where.
    """
    text = str(error)
    # What it quotes is the peer's: of that nothing is taken for a place.
    message, at, place = text.rpartition(" - at `") if text.endswith("`") else (text, "", "")
    # Of a key it says: `key` in `$.x`.
    return _QUOTING.sub(r"\1", message or text), place.rstrip("`").rpartition("`")[2] if at else "$"
