"""
Fuzzes the decoding of messages: it may refuse a message, and raise nothing else.

    python tests/whole/fuzz/payload.py -max_total_time=60
"""

import sys

import atheris

with atheris.instrument_imports(include=["ratchet_tx"]):
    from ratchet_tx.wire import encoding, payload


#: Parts of messages.  The decoder is compiled, so the fuzzer can't find them by coverage.
PARTS = [
    *(b'{"event":', b'"data":', b'"id":', b'"re":', b'"x"', b'"socket.reply"', b",", b"{", b"}", b"[", b"]", b'"', b":"),
    *(b"0", b"-1", b"9" * 200, b"9" * 5000, b"1e999", b"1.5", b"9007199254740991", b"NaN", b"null", b"true", b" ", b"\n"),
    *(b"\\ud800", b"\\ud83d\\ude00", b"\\u0000", b"\xff", b"\xc3\xbc", b"[" * 300, b"]" * 300, b'{"a":' * 300, b"}" * 300),
]


def textOf(data: bytes) -> bytes:
    """
    Make a text of the fuzzer's bytes: the bytes themselves, or a text of parts.
    """
    if data[:1] < b"\x40":
        return data
    return b"".join(PARTS[byte % len(PARTS)] for byte in data[1:])


def once(data: bytes) -> None:
    """
    Decode a text; a decoded message can be encoded, and decoded again.
    """
    try:
        read = payload.decode(textOf(data))
    except payload.BadPayload:
        return
    assert payload.decode(encoding.encode(read.event, read.data)).data == read.data


if __name__ == "__main__":
    atheris.Setup(sys.argv, once)
    atheris.Fuzz()
