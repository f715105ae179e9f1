"""
A rule of the wire as steps that any implementation can be led through: reading such a vector, and comparing frames with it.

It knows the format, which C{tests/vectors/README.rst} describes, and nothing of who is led through it.
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
    What has no other keys than those that are known: a slip of the pen must not make a vector say less than it seems to.
    """


class Question(_Strict):
    """
    What a handler asks its own peer.
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
    What some rooms are like.

    @ivar clients: the ids of those who may subscribe; without it everybody may
    @ivar after: how many seconds it takes to decide that
    @ivar fails: nobody can decide it
    """

    historySize: int = 0
    historySeconds: float = 0
    presence: bool = False
    clients: list[str] | None = None
    after: float = 0
    fails: Literal[True] | None = None


class Server(_Strict):
    """
    What the server has to be like.

    @ivar clients: who is found by which token; None where it can't be found out; without it everybody may come in
    @ivar expires: which token's login ends how many seconds after the vector's beginning
    @ivar rooms: which rooms may be subscribed to, by their pattern
    """

    limits: dict[str, int | float] = {}
    clients: dict[str, str | None] | None = None
    expires: dict[str, float] = {}
    rooms: dict[str, Policy] = {}
    events: dict[str, Handling] = {}


# The steps: what a peer does and what comes to it,


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


# the time,


class Wait(_Strict):
    wait: float


# and what the server does by itself.


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

#: A step's kind by the key that only steps of this kind have.
_KINDS = {(kind.__name__[0].lower() + kind.__name__[1:]): kind for kind in _OTHERS}


class Vector(_Strict):
    """
    One rule.

    @ivar rule: the rule, as a sentence
    @ivar source: the section of PROTOCOL that has it
    @ivar server: what the server has to be like
    @ivar steps: what is done, and what comes of it
    """

    rule: str
    source: str
    steps: list[Any]
    server: Server = Server()


def read(text: bytes) -> Vector:
    """
    Read a vector.

    @raise ValueError: for what isn't one
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
    Write what a peer sends.
    """
    return msgspec.json.encode(envelope)


class Values:
    """
    What can't be known when a vector is written: a text such as C{$ref} stands for it, the same wherever it stands;
    C{$any} stands for anything.
    """

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def matches(self, expected: Any, got: Any) -> bool:
        """
        Compare something with what a vector says of it; numbers aren't truth values, and the keys' order is no matter.
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
        Put what has been met so far in the place of its names.
        """
        if isinstance(value, str):
            return self._known.get(value, value)
        if isinstance(value, dict):
            return {key: self.fill(each) for key, each in value.items()}
        return [self.fill(each) for each in value] if isinstance(value, list) else value


def _same(one: Any, other: Any) -> bool:
    # In Python True is 1.
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
