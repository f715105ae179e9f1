"""
Reads vectors, each a rule of the wire as steps, and compares frames with them.

It knows the format, which C{tests/vectors/README.rst} describes, and not the server or client under test.
"""

import re
from pathlib import Path
from typing import Any, Literal

import msgspec

#: Where the vectors are, one file for each rule.
FOLDER = Path(__file__).parents[1] / "vectors"

_PLACEHOLDER = re.compile(r"\$[A-Za-z]\w*", re.ASCII)


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    An object without unknown keys: a misspelled key must not weaken a vector.
    """


class Question(_Strict):
    """
    A question that a handler asks its peer.
    """

    event: str
    data: Any = None
    timeout: float = 10


class Handling(_Strict):
    """
    What the server does with an event.
    """

    takes: dict[str, Literal["integer", "text"]] | None = None
    returns: Any = msgspec.UNSET
    fails: Literal[True] | None = None
    refuses: dict[str, Any] | None = None
    asks: Question | None = None
    broadcasts: str | None = None
    room: str | None = None
    never: Literal[True] | None = None
    after: float = 0
    ordered: bool = True


class Policy(_Strict):
    """
    The policy of some rooms.

    @ivar clients: the ids of the clients that may subscribe; by default every client may
    @ivar after: the seconds until the decision
    @ivar fails: whether the decision fails
    """

    historySize: int = 0
    historySeconds: float = 0
    presence: bool = False
    clients: list[str] | None = None
    after: float = 0
    fails: Literal[True] | None = None


class Server(_Strict):
    """
    The server that a vector needs.

    @ivar clients: the clients' ids by token, None where the provider can't decide; by default every peer is accepted
    @ivar expires: by token, the seconds from the vector's start to the end of its login
    @ivar rooms: the policies of rooms, by their pattern
    """

    limits: dict[str, int | float] = {}
    clients: dict[str, str | None] | None = None
    expires: dict[str, float] = {}
    rooms: dict[str, Policy] = {}
    events: dict[str, Handling] = {}


# The steps of peers


class Opens(_Strict):
    peer: str
    opens: Literal[True]
    answersPings: bool = True


class TurnedAway(_Strict):
    peer: str
    turnedAway: int


class Sends(_Strict):
    peer: str
    sends: dict[str, Any]


class SendsText(_Strict):
    peer: str
    sendsText: str


class SendsHex(_Strict):
    peer: str
    sendsHex: str
    binary: bool = False


class SendsBytes(_Strict):
    peer: str
    sendsBytes: str


class StopsReading(_Strict):
    peer: str
    stopsReading: Literal[True]


class ReadsAgain(_Strict):
    peer: str
    readsAgain: Literal[True]


class Receives(_Strict):
    peer: str
    receives: dict[str, Any]


class ReceivesNothing(_Strict):
    peer: str
    receivesNothing: Literal[True]


class Closes(_Strict):
    peer: str
    closes: int


class Lost(_Strict):
    peer: str
    lost: Literal[True]


class ClosedWith(_Strict):
    peer: str
    closedWith: int


# The step of the time


class Wait(_Strict):
    wait: float


# The steps of the server


class Emits(_Strict, tag_field="server", tag="emits"):
    event: str
    data: Any = None
    room: str | None = None
    client: str | None = None


class Joins(_Strict, tag_field="server", tag="joins"):
    peer: str
    room: str


class Leaves(_Strict, tag_field="server", tag="leaves"):
    client: str
    room: str


class Disconnects(_Strict, tag_field="server", tag="disconnects"):
    client: str


class Ends(_Strict, tag_field="server", tag="closes"):
    peer: str
    code: int


class Drains(_Strict, tag_field="server", tag="drains"):
    pass


_BY_SERVER = Emits | Joins | Leaves | Disconnects | Ends | Drains

_OTHERS = (
    Opens,
    TurnedAway,
    Sends,
    SendsText,
    SendsHex,
    SendsBytes,
    StopsReading,
    ReadsAgain,
    Receives,
    ReceivesNothing,
    Closes,
    Lost,
    ClosedWith,
    Wait,
)

#: A step's kind by the key that only this kind has.
_KINDS = {(kind.__name__[0].lower() + kind.__name__[1:]): kind for kind in _OTHERS}


class Vector(_Strict):
    """
    One rule.

    @ivar rule: the rule, as a sentence
    @ivar source: its section of the protocol
    @ivar server: the server that the rule needs
    @ivar steps: what peers and the server do, and what peers must receive
    """

    rule: str
    source: str
    steps: list[Any]
    server: Server = Server()


def read(text: bytes) -> Vector:
    """
    Read a vector.

    @raise ValueError: if the text is no vector
    """
    vector = msgspec.json.decode(text, type=Vector)
    return msgspec.structs.replace(vector, steps=[_readStep(step) for step in vector.steps])


def _readStep(step: Any) -> Any:
    if not isinstance(step, dict):
        raise ValueError(f"A step is an object, not {step!r}")
    if "server" in step:
        return msgspec.convert(step, _BY_SERVER)
    for key, kind in _KINDS.items():
        if key in step:
            return msgspec.convert(step, kind)
    raise ValueError(f"A step of no known kind: {step}")


def write(envelope: Any) -> bytes:
    """
    Write a peer's message.
    """
    return msgspec.json.encode(envelope)


class Values:
    """
    The values of placeholders such as C{$ref}: each has one value throughout a vector; C{$any} stands for any value.
    """

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def matches(self, expected: Any, got: Any) -> bool:
        """
        Compare a value with a vector's; a number is no truth value, and the order of keys doesn't matter.
        """
        if isinstance(expected, str) and _PLACEHOLDER.fullmatch(expected):
            return expected == "$any" or _same(self._known.setdefault(expected, got), got)
        if isinstance(expected, dict) and isinstance(got, dict):
            return expected.keys() == got.keys() and all(self.matches(expected[key], got[key]) for key in expected)
        if isinstance(expected, list) and isinstance(got, list):
            return len(expected) == len(got) and all(map(self.matches, expected, got))
        return _same(expected, got)

    def fill(self, value: Any) -> Any:
        """
        Replace the placeholders by their values so far.
        """
        if isinstance(value, str):
            return self._known.get(value, value)
        if isinstance(value, dict):
            return {key: self.fill(each) for key, each in value.items()}
        return [self.fill(each) for each in value] if isinstance(value, list) else value


def _same(one: Any, other: Any) -> bool:
    # In Python True is 1.
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
