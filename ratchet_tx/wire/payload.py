"""
The JSON of the wire: an envelope with the event's name, its data, and the few keys beside them.

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
from ratchet_tx.wire.salvage import asID, idOf
from ratchet_tx.wire.sayable import simplify, simplifyAll

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

#: From how many bytes on it is worth while to find out how numbers are to be read.
_LONG = 8192

#: How many levels are taken away to find out that a message isn't deep.
_TAKEN_AWAY = 3

#: What may be a number that msgspec reads slowly: with a large exponent, or many digits.
_HARD_NUMBER = re.compile(rb"[eE][+-]?[0-9]{2}|[0-9.]{18}")

#: Objects' brackets as arrays', and all bytes that are no brackets.
_AS_ARRAYS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))

_DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"000000000")

Identifier = Annotated[int, Meta(ge=0, le=2**53 - 1)]

Key = Annotated[str, Meta(min_length=1, max_length=KEY_LENGTH)]

EventName = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH)]

Data = TypeVar("Data", default=Any)

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")

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


class _Answerable(msgspec.Struct):
    """
    The least of a bad envelope that makes it answerable.

    @ivar id: whatever stands there: of several the last counts, and none before it
    """

    id: Any = None


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
_decodeAnswerable = msgspec.json.Decoder(_Answerable).decode
_encode: Callable[[Any], bytes] = msgspec.json.Encoder(enc_hook=simplify).encode


class BadPayload(PeerError):
    """
    A message that isn't what PROTOCOL asks for.

    @ivar id: the message's id, where that could still be read

    Its fact C{path} is the place of the fault, as in C{$.data.x[0]}.
    """

    def __init__(self, message: str, id: int | None = None, path: str = "$") -> None:
        super().__init__("payload.invalid", message, path=path)
        self.id = id


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
            raise _badText(text, error) from None
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
        raise _badText(text, error) from None


def _isPlain(data: Any) -> bool:
    """
    Say whether data is a text, or an object of texts: nothing in it can be deep, nor a number.
    """
    return type(data) is str or (type(data) is dict and all(type(value) is str for value in data.values()))


def _badText(text: bytes, error: Exception) -> BadPayload:
    """
    Say what is wrong with a text that isn't a message.
    """
    if isinstance(error, msgspec.ValidationError):
        message, path = _fault(error)
        return BadPayload(message, _idOf(text), path)
    if isinstance(error, RecursionError):
        return BadPayload(f"Nested more than {DEPTH} deep", _idOf(text))
    # DecodeError and UnicodeDecodeError are ValueErrors. Their texts quote positions only, but say little.
    isJSON, id = _grammar(text)
    return BadPayload("Half a surrogate pair" if isJSON and _SURROGATE.search(text) else "Not JSON", id)


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


def _checkSizes(text: bytes, payload: Any) -> None:
    """
    Refuse what a JSON parser elsewhere would choke on.

    Only long texts come here, for a short one can't be deep nor have so long a number.
    Both checks run over the raw bytes in C; what stands inside of strings can make them look twice, never refuse.
    """
    if _seemsDeep(text) and _depth(payload.data) > DEPTH:
        raise BadPayload(f"Nested more than {DEPTH} deep", getattr(payload, "id", None), path="$.data")
    if _HUGE in text.translate(_DIGITS_AS_ZERO) and not all(map(_fitsDouble, _values(payload.data))):
        raise BadPayload("Number out of range", getattr(payload, "id", None), path="$.data")


def _seemsDeep(text: bytes) -> bool:
    """
    Say whether the data of a message may be nested too deep; what else is in the message may make it seem so.

    A few levels are taken away in C, from the inside, so that what is wide and not deep costs next to nothing.
    """
    if text.count(b"[") + text.count(b"{") <= DEPTH:
        return False
    # Without what is escaped, each quote begins or ends a string.
    parts = text.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')
    brackets = b"".join(parts[::2]).translate(_AS_ARRAYS, _NO_BRACKETS)
    for _ in range(_TAKEN_AWAY):
        brackets = brackets.replace(b"[]", b"")
    # The envelope is one level more.
    return len(brackets) // 2 + _TAKEN_AWAY > DEPTH + 1


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
    checkText(name, f"the name of {what}")


def checkText(text: str, what: str) -> None:
    """
    Check that a text can be sent: a lone surrogate can't.

    @param what: what it is, for the message
    @raise UsageError: where it can't
    """
    if not isEncodable(text):
        # The text itself may be secret.
        raise UsageError(f"{what[0].upper()}{what[1:]} can't be sent: text with a lone surrogate.")


def isEncodable(text: str) -> bool:
    """
    Say whether a text can go over the wire, which one with half a pair of surrogates can't.
    """
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def checkEvent(event: Any) -> None:
    """
    Check the name of an event that an application sends; that it can be sent, its encoding tells, or L{checkText}.

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
