"""
Encoding what the server sends.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from ratchet_tx.errors import UsageError
from ratchet_tx.wire.encoding import encode, encodeData


@dataclass
class Move:
    """
    Data that an application may send.
    """

    x: int
    y: int


def test_keysBesideTheData() -> None:
    """Further keys are in the envelope beside event and data."""
    assert encode("x", None) == b'{"event":"x","data":null}'
    assert encode("x", 1, re=7, room="lobby") == b'{"event":"x","data":1,"re":7,"room":"lobby"}'


def test_dataclasses() -> None:
    """Dataclasses are sent as objects."""
    assert encode("move", [Move(1, 2)]) == b'{"event":"move","data":[{"x":1,"y":2}]}'


def test_encodedOnce() -> None:
    """Encoded data is put in as it is."""
    assert encode("x", encodeData("x", {"a": [1]})) == encode("x", {"a": [1]})


@pytest.mark.parametrize("send", [encode, encodeData])
@pytest.mark.parametrize("data", [object(), {"a": [object()]}, {(1, 2): 3}, {None: 1}], ids=repr)
def test_notJSON(send: Any, data: Any) -> None:
    """Data that JSON can't express is an error with the event's name."""
    with pytest.raises(UsageError, match=r"^The data of 'x' can't be sent as JSON: "):
        send("x", data)


@pytest.mark.parametrize("send", [encode, encodeData])
def test_dataInItself(send: Any) -> None:
    """Data that contains itself is an error."""
    data: list[Any] = []
    data.append(data)
    with pytest.raises(UsageError, match="recursion"):
        send("x", data)
