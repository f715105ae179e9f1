"""
Messages that are made of pieces, good and bad, and what refuses them.
"""

import pytest

from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.payload import decode


def message(data: bytes = b"null", id: bytes = b"7", more: bytes = b"") -> bytes:
    return b'{"event":"chat.send","id":' + id + b',"data":' + data + more + b"}"


def arrays(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def objects(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


def refusal(text: bytes) -> BadPayload:
    with pytest.raises(BadPayload) as raised:
        decode(text)
    assert raised.value.code == "payload.invalid"
    return raised.value
