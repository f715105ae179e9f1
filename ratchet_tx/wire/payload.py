"""
Decodes messages: JSON objects with the event's name, its data, and a few more keys.

The result is a L{Payload}, or a L{PeerError} is raised. The rules are in PROTOCOL's first section.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any, Generic

import msgspec
from msgspec import Meta
from typing_extensions import TypeVar

from ratchet_tx.wire.badpayload import BadPayload, badData, badMessage
from ratchet_tx.wire.names import NAME_LENGTH
from ratchet_tx.wire.nesting import DEPTH, depth, seemsDeep, values

#: How long the key of an emit may be, in characters.
KEY_LENGTH = 64

#: The largest double has 309 digits. A browser reads a longer integer, or a larger one of that length, as Infinity.
_HUGE = b"0" * 309

#: From this length on it pays to look for numbers that msgspec reads slowly.
_LONG = 8192

#: Finds numbers that msgspec may read slowly: with a large exponent, or many digits.
_HARD_NUMBER = re.compile(rb"[eE][+-]?[0-9]{2}|[0-9.]{18}")

_DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"000000000")

Identifier = Annotated[int, Meta(ge=0, le=2**53 - 1)]

Key = Annotated[str, Meta(min_length=1, max_length=KEY_LENGTH)]

EventName = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH)]

Data = TypeVar("Data", default=Any)


class Payload(msgspec.Struct, Generic[Data], frozen=True):
    """
    A decoded message.

    @ivar event: the event's name
    @ivar data: any JSON value; None if it was left out
    @ivar id: the id that the reply should have; None if the sender wants no reply
    @ivar re: the id of the C{ask} that this message replies to
    @ivar key: makes the event safe to retry: the server handles each key once
    """

    event: EventName
    data: Data = None  # type: ignore[assignment]
    id: Identifier | None = None
    re: str | None = None
    key: Key | None = None

    def __repr__(self) -> str:
        return f"<Payload {self.event!r}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # rich would print msgspec's own repr, which shows the data.
        return [("event", self.event)]


class Head(msgspec.Struct, frozen=True):
    """
    A message that was decoded without its data: because the peer can't pay for it, or because it has to wait.

    @ivar event: the event's name
    @ivar id: the id that the reply should have; None if the sender wants no reply
    @ivar re: the id of the C{ask} that this message replies to
    """

    event: EventName
    id: Identifier | None = None
    re: str | None = None

    def __repr__(self) -> str:
        return f"<Head {self.event!r}>"


def _double(text: str) -> float:
    """
    Read a number with a fraction or an exponent. msgspec itself takes 15 microseconds for C{1e308}, so a message full of
    them would block the server for a tenth of a second.

    @raise ValueError: for a number beyond a double; msgspec adds the place
    """
    number = float(text)
    if number - number != 0:
        raise ValueError("Number out of range")
    return number


_decodeHead: Callable[[bytes], Head] = msgspec.json.Decoder(Head).decode


def makeReader(kind: type[Any]) -> Callable[[bytes], Any]:
    """
    Make a function that decodes messages strictly, by the rules of the wire.

    @param kind: the Struct of the envelope; it has a field C{data}
    @return: takes the message's bytes, and returns the envelope. It raises L{BadPayload}, which says what is wrong and
        where, and never shows the value
    """
    read = msgspec.json.Decoder(kind, float_hook=_double).decode
    readEasy = msgspec.json.Decoder(kind).decode

    def decode(text: bytes) -> Any:
        size = len(text)
        try:
            # msgspec doesn't check the UTF-8 of values that it skips (of unknown keys).
            if not text.isascii():
                text.decode()
            envelope = read(text) if size < _LONG or _HARD_NUMBER.search(text) else readEasy(text)
        except (ValueError, RecursionError) as error:
            raise badMessage(text, error) from None
        if size > DEPTH and not _isPlain(envelope.data):
            _checkSizes(text, envelope)
        return envelope

    return decode


#: Decodes a message, as L{makeReader} says.
decode: Callable[[bytes], Payload[Any]] = makeReader(Payload)


def decodeHead(text: bytes) -> Head:
    """
    Decode a message without its data, which takes a thirtieth of the time of decoding it.

    Most errors in the data pass: a caller that needs the data decodes the whole message.

    @raise BadPayload: for a message without a valid name and ids
    """
    try:
        return _decodeHead(text)
    except (ValueError, RecursionError) as error:
        raise badMessage(text, error) from None


def _isPlain(data: Any) -> bool:
    """
    Say whether data is a text, or an object of texts: then it has no depth and no numbers to check.
    """
    return type(data) is str or (type(data) is dict and all(type(value) is str for value in data.values()))


def convertData(payload: Payload[Any], kind: type[Data]) -> Payload[Data]:
    """
    Convert the data of a payload to a type.

    @param kind: a type that msgspec knows: a Struct, a dataclass, a TypedDict, C{list[int]}
    @raise BadPayload: if the data doesn't match; it says what is wrong and where, and never shows the value
    """
    try:
        data = msgspec.convert(payload.data, kind, str_keys=True)
    except msgspec.ValidationError as error:
        raise badData(payload.id, error) from None
    return msgspec.structs.replace(payload, data=data)


def _checkSizes(text: bytes, payload: Any) -> None:
    """
    Refuse data that other JSON parsers can't read: too deep, or with numbers beyond a double.

    Only long messages come here; short ones can have neither. Both checks search the raw bytes in C first; text inside of
    strings can only cause the exact check, never a refusal.
    """
    if seemsDeep(text) and depth(payload.data) > DEPTH:
        raise BadPayload(f"Nested more than {DEPTH} deep", getattr(payload, "id", None), path="$.data")
    if _HUGE in text.translate(_DIGITS_AS_ZERO) and not all(map(_fitsDouble, values(payload.data))):
        raise BadPayload("Number out of range", getattr(payload, "id", None), path="$.data")


def _fitsDouble(value: Any) -> bool:
    if type(value) is not int:
        return True
    try:
        float(value)
    except OverflowError:
        return False
    return True
