"""
The JSON of the wire: an envelope with the event's name, its data, and the few keys beside them.

This is the only place that knows it, and it knows nothing else: whoever asks gets a L{Payload} or a L{PeerError}.
The rules are PROTOCOL's first section.
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

#: The largest double has 309 digits; an integer with more, and some with as many, a browser would read as Infinity.
_HUGE = b"0" * 309

#: From how many bytes on it is worth while to find out how numbers are to be read.
_LONG = 8192

#: What may be a number that msgspec reads slowly: with a large exponent, or many digits.
_HARD_NUMBER = re.compile(rb"[eE][+-]?[0-9]{2}|[0-9.]{18}")

_DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"000000000")

Identifier = Annotated[int, Meta(ge=0, le=2**53 - 1)]

Key = Annotated[str, Meta(min_length=1, max_length=KEY_LENGTH)]

EventName = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH)]

Data = TypeVar("Data", default=Any)


class Payload(msgspec.Struct, Generic[Data], frozen=True):
    """
    What a message says.

    @ivar event: the event's name
    @ivar data: any JSON value; None where it was left out
    @ivar id: the sender wants a reply, and this is its name for it
    @ivar re: this is the reply to the question that had this id
    @ivar key: names what is sent, so that it can be sent again without being handled again
    """

    event: EventName
    data: Data = None  # type: ignore[assignment]
    id: Identifier | None = None
    re: str | None = None
    key: Key | None = None

    def __repr__(self) -> str:
        return f"<Payload {self.event!r}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # msgspec's own, by which rich prints values, shows all.
        return [("event", self.event)]


class Head(msgspec.Struct, frozen=True):
    """
    What is read of a message whose data isn't: because it can't be paid for, or isn't needed yet.

    @ivar event: the event's name
    @ivar id: the sender wants a reply, and this is its name for it
    @ivar re: this is the reply to the question that had this id
    """

    event: EventName
    id: Identifier | None = None
    re: str | None = None

    def __repr__(self) -> str:
        return f"<Head {self.event!r}>"


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


_decodeHead: Callable[[bytes], Head] = msgspec.json.Decoder(Head).decode


def makeReader(kind: type[Any]) -> Callable[[bytes], Any]:
    """
    Make a function that reads a message strictly, by the rules of the wire.

    @param kind: the Struct of its envelope, which has C{data} in it
    @return: takes the message's bytes, and gives the envelope; it raises L{BadPayload} for whatever isn't one in JSON, and
        says what is wrong and where, never the value
    """
    read = msgspec.json.Decoder(kind, float_hook=_double).decode
    readEasy = msgspec.json.Decoder(kind).decode

    def decode(text: bytes) -> Any:
        size = len(text)
        try:
            # msgspec doesn't look at the text that it skips (the values of unknown keys).
            if not text.isascii():
                text.decode()
            envelope = read(text) if size < _LONG or _HARD_NUMBER.search(text) else readEasy(text)
        except (ValueError, RecursionError) as error:
            raise badMessage(text, error) from None
        if size > DEPTH and not _isPlain(envelope.data):
            _checkSizes(text, envelope)
        return envelope

    return decode


#: Reads a message, as L{makeReader} says.
decode: Callable[[bytes], Payload[Any]] = makeReader(Payload)


def decodeHead(text: bytes) -> Head:
    """
    Read of a message what it is, without its data, which is skipped at a thirtieth of the cost of reading it.

    Faults in the data mostly pass: a caller that needs the data reads all of it.

    @raise BadPayload: for what has no such head
    """
    try:
        return _decodeHead(text)
    except (ValueError, RecursionError) as error:
        raise badMessage(text, error) from None


def _isPlain(data: Any) -> bool:
    """
    Say whether data is a text, or an object of texts: nothing in it can be deep, nor a number.
    """
    return type(data) is str or (type(data) is dict and all(type(value) is str for value in data.values()))


def convertData(payload: Payload[Any], kind: type[Data]) -> Payload[Data]:
    """
    Make of a payload the same one with data of a type.

    @param kind: a type that msgspec knows: a Struct, a dataclass, a TypedDict, C{list[int]}
    @raise BadPayload: where the data isn't like that; it says what is wrong and where, never the value
    """
    try:
        data = msgspec.convert(payload.data, kind, str_keys=True)
    except msgspec.ValidationError as error:
        raise badData(payload.id, error) from None
    return msgspec.structs.replace(payload, data=data)


def _checkSizes(text: bytes, payload: Any) -> None:
    """
    Refuse what a JSON parser elsewhere would choke on.

    Only long texts come here, for a short one can't be deep nor have so long a number.
    Both checks run over the raw bytes in C; what stands inside of strings can make them look twice, never refuse.
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
