"""
The JSON of the wire: one envelope of an event's name and its data, with the few keys beside them.

This is the only place that knows it, and it knows nothing else: whoever asks gets a L{Payload} or a L{PeerError}.
The rules are PROTOCOL's first section.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Generic

import msgspec
from msgspec import Meta
from typing_extensions import TypeVar

from ratchet_tx.errors import PeerError, UsageError

#: How long a name of an event or a room may be, in characters.
NAME_LENGTH = 128

#: How long the key of an emit may be, in characters.
KEY_LENGTH = 64

#: How the protocol's own events begin; no application can send one, and no peer can make us dispatch one.
RESERVED = "socket."

#: How deep arrays and objects may stand in each other.  Decoding and encoding recurse, so without a bound a value that
#: was read from a shallow stack could not be sent from a deeper one.
DEPTH = 256

#: The largest double has 309 digits; an integer with more, and some with as many, a browser would read as Infinity.
_HUGE = b"0" * 309

_DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"000000000")

Identifier = Annotated[int, Meta(ge=0, le=2**53 - 1)]

Key = Annotated[str, Meta(min_length=1, max_length=KEY_LENGTH)]

Data = TypeVar("Data", default=Any)

#: msgspec's message has the value here, which is nobody's business but the peer's.
_QUOTING = re.compile(r"^(Invalid (?:enum )?value) .*", re.DOTALL)


class Payload(msgspec.Struct, Generic[Data], frozen=True):
    """
    What a message says.

    @ivar event: the event's name
    @ivar data: any JSON value; None where it was left out
    @ivar id: the sender wants a reply, and this is its name for it
    @ivar re: this is the reply to the question that had this id
    @ivar key: names what is sent, so that it can be sent again without being handled again
    """

    event: Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH)]
    data: Data = None  # type: ignore[assignment]
    id: Identifier | None = None
    re: str | None = None
    key: Key | None = None

    def __repr__(self) -> str:
        return f"<Payload {self.event!r}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # msgspec's own, by which rich prints values, shows all.
        return [("event", self.event)]


class _Answerable(msgspec.Struct):
    """
    The least of a bad envelope that makes it answerable.
    """

    id: Identifier | None = None


def _double(text: str) -> float:
    """
    Read a number with a fraction or an exponent, which msgspec would do itself, but takes 15 microseconds for C{1e308}: a
    message full of them would hold up everybody for a tenth of a second.

    @raise ValueError: for what is no double; msgspec says where it stands
    """
    number = float(text)
    if number - number != 0:
        raise ValueError("Number out of range")
    return number


_decode: Callable[[bytes], Payload[Any]] = msgspec.json.Decoder(Payload, float_hook=_double).decode
_decodeAnswerable = msgspec.json.Decoder(_Answerable).decode
_encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode


class BadPayload(PeerError):
    """
    A message that isn't what PROTOCOL asks for.

    @ivar id: the message's id, where that could still be read

    Its fact C{path} is the place of the fault, as in C{$.data.x[0]}.
    """

    def __init__(self, message: str, id: int | None = None, path: str = "$") -> None:
        super().__init__("payload.invalid", message, path=path)
        self.id = id


def decode(text: bytes) -> Payload[Any]:
    """
    Read a message strictly.

    @param text: the message's bytes
    @raise BadPayload: for whatever isn't an envelope in JSON; it says what is wrong and where, never the value
    """
    try:
        # msgspec doesn't look at the text that it skips (the values of unknown keys).
        if not text.isascii():
            text.decode()
        payload = _decode(text)
    except msgspec.ValidationError as error:
        raise _misshapen(text, error) from None
    except RecursionError:
        raise BadPayload(f"Nested more than {DEPTH} deep") from None
    except ValueError:
        # DecodeError and UnicodeDecodeError are ValueErrors. Their texts quote positions only, but say little.
        raise BadPayload("Not JSON") from None
    if len(text) > DEPTH and not _isPlain(payload.data):
        _checkSizes(text, payload)
    return payload


def _isPlain(data: Any) -> bool:
    """
    Say whether data is a text, or an object of texts: nothing in it can be deep, nor a number.
    """
    return type(data) is str or (type(data) is dict and all(type(value) is str for value in data.values()))


def _misshapen(text: bytes, error: msgspec.ValidationError) -> BadPayload:
    message, path = _fault(error)
    try:
        id = _decodeAnswerable(text).id
    except (ValueError, RecursionError):
        id = None
    return BadPayload(message, id, path)


def _fault(error: msgspec.ValidationError) -> tuple[str, str]:
    """
    Take msgspec's words apart: what is wrong, and where.
    """
    text = str(error)
    # What it quotes is the peer's: of that nothing is taken for a place.
    message, at, place = text.rpartition(" - at `") if text.endswith("`") else (text, "", "")
    # Of a key it says: `key` in `$.x`.
    return _QUOTING.sub(r"\1", message or text), place.rstrip("`").rpartition("`")[2] if at else "$"


def convertData(payload: Payload[Any], kind: type[Data]) -> Payload[Data]:
    """
    Make of a payload the same one with data of a type.

    @param kind: a type that msgspec knows: a Struct, a dataclass, a TypedDict, C{list[int]}
    @raise BadPayload: where the data isn't like that; it says what is wrong and where, never the value
    """
    try:
        data = msgspec.convert(payload.data, kind, str_keys=True)
    except msgspec.ValidationError as error:
        message, path = _fault(error)
        raise BadPayload(message, payload.id, path=f"$.data{path[1:]}") from None
    return msgspec.structs.replace(payload, data=data)


def _checkSizes(text: bytes, payload: Payload[Any]) -> None:
    """
    Refuse what a JSON parser elsewhere would choke on.

    Only long texts come here, for a short one can't be deep nor have so long a number.
    Both checks run over the raw bytes in C; what stands inside of strings can make them look twice, never refuse.
    """
    if text.count(b"[") + text.count(b"{") > DEPTH and _depth(payload.data) > DEPTH:
        raise BadPayload(f"Nested more than {DEPTH} deep", payload.id, path="$.data")
    if _HUGE in text.translate(_DIGITS_AS_ZERO) and not all(map(_fitsDouble, _values(payload.data))):
        raise BadPayload("Number out of range", payload.id, path="$.data")


def _children(value: Any) -> Iterable[Any]:
    if type(value) is dict:
        return value.values()
    return value if type(value) is list else ()


def _levels(data: Any) -> Iterator[list[Any]]:
    """
    Walk over a value level by level, without recursion, for its depth is what we doubt.
    """
    level = [data]
    while level:
        yield level
        level = [child for value in level for child in _children(value)]


def _depth(data: Any) -> int:
    return sum(any(type(value) in (list, dict) for value in level) for level in _levels(data))


def _values(data: Any) -> Iterator[Any]:
    return (value for level in _levels(data) for value in level)


def _fitsDouble(value: Any) -> bool:
    if type(value) is not int:
        return True
    try:
        float(value)
    except OverflowError:
        return False
    return True


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


def checkEvent(event: Any) -> None:
    """
    Check the name of an event that an application sends.

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


#: What encoding raises for what JSON can't say.
_UNSAYABLE = (TypeError, ValueError, OverflowError, RecursionError)


def encode(event: str, data: Any, **keys: Any) -> bytes:
    """
    Write a message.

    NaN and the infinities, which JSON can't say, become null; bytes become base64.

    @param keys: what stands beside event and data: C{id}, C{re}, C{room}
    @return: JSON in UTF-8
    @raise UsageError: for data that JSON can't say
    """
    try:
        return _encode({"event": event, "data": data, **keys} if keys else {"event": event, "data": data})
    except _UNSAYABLE as error:
        raise _unsayable(event, error) from error


def encodeData(event: str, data: Any) -> msgspec.Raw:
    """
    Write the data alone, to be put into an envelope later: what is published is encoded once, by who publishes it.

    @raise UsageError: for data that JSON can't say
    """
    try:
        return msgspec.Raw(_encode(data))
    except _UNSAYABLE as error:
        raise _unsayable(event, error) from error


def _unsayable(event: str, error: Exception) -> UsageError:
    # A UnicodeEncodeError would quote the data, which may be secret.
    why = "text with a lone surrogate" if isinstance(error, UnicodeError) else str(error)
    return UsageError(f"The data of {event!r} can't be sent as JSON: {why}.")
