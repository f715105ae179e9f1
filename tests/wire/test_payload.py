"""
Decoding messages: what is accepted, and what is refused.
"""

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet_tx.errors import UsageError
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.encoding import encode, encodeData
from ratchet_tx.wire.nesting import DEPTH
from ratchet_tx.wire.payload import Payload, convertData, decode
from tests.wire.messages import arrays, message, objects, refusal

#: Everything that JSON can say, and that every parser can read.
jsonValues = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**1023), 2**1023)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), values),
    max_leaves=12,
)

#: Bytes that are nearly JSON, so that more than the first byte is looked at.
nearlyJSON = st.lists(
    st.sampled_from([*'[]{}",:-+.eE019', '"event"', '"data"', '"id"', '"re"', "null", "true", "NaN", "\\ud800", "\xff", " "])
).map(lambda parts: "".join(parts).encode("latin-1"))

#: The name of an event that is too long by one character.
EMOJIS = ('"' + "\U0001f600" * 129 + '"').encode()


class TestEnvelope:
    """
    The envelope around the data.
    """

    def test_wholeEnvelope(self) -> None:
        """A message has an event, data, and ids of replies."""
        payload = decode(b'{"event":"chat.send","data":{"text":"hi"},"id":7,"re":"s1"}')
        assert (payload.event, payload.data, payload.id, payload.re) == ("chat.send", {"text": "hi"}, 7, "s1")

    def test_eventAlone(self) -> None:
        """Missing data is null, and without an id no reply is wanted."""
        assert decode(b'{"event":"x"}') == Payload("x", None, None, None)

    @pytest.mark.parametrize("more", [b',"v":3', b',"room":[{}]', b',"offset":-1', b',"\xc3\xbc":"\xc3\xbc"'])
    def test_unknownKeys(self, more: bytes) -> None:
        """Unknown keys are ignored."""
        assert decode(message(b"1", more=more)) == Payload("chat.send", 1, 7)

    @pytest.mark.parametrize("text", [b"null", b"[]", b'"x"', b"1", b"true", b"{}", b'[{"event":"x"}]', b'{"Event":"x"}'])
    def test_noEnvelope(self, text: bytes) -> None:
        """JSON that isn't an object with an event is refused."""
        assert refusal(text).facts == {"path": "$"}

    @pytest.mark.parametrize("event", [b"5", b"null", b"[]", b"{}", b"true", b'""', b'"' + b"x" * 129 + b'"', EMOJIS])
    def test_badEvent(self, event: bytes) -> None:
        """An event's name is a text of 1 to 128 characters; another is refused under the message's id."""
        error = refusal(b'{"event":' + event + b',"id":7}')
        assert (error.facts, error.id) == ({"path": "$.event"}, 7)

    @pytest.mark.parametrize("event", ["x", "x" * 128, "\U0001f600" * 128, "socket.open", "\x00"])
    def test_goodEvent(self, event: str) -> None:
        """A name's length is counted in characters, not in bytes."""
        assert decode(json.dumps({"event": event}, ensure_ascii=False).replace("\x00", "\\u0000").encode()).event == event

    @pytest.mark.parametrize(("text", "id"), [(b"0", 0), (b"7", 7), (b"9007199254740991", 2**53 - 1), (b"null", None)])
    def test_goodId(self, text: bytes, id: int | None) -> None:
        """An id is an integer that every browser can represent; null is no id."""
        assert decode(message(id=text)).id == id

    @pytest.mark.parametrize("id", [b"9007199254740992", b"-1", b"true", b"1.0", b'"s1"', b"[1]", b'{"id":1}', b"1" * 400])
    def test_badId(self, id: bytes) -> None:
        """Any other id is refused."""
        error = refusal(message(id=id))
        assert (error.facts, error.id) == ({"path": "$.id"}, None)

    def test_badReply(self) -> None:
        """C{re} is a text, like the ids of C{ask}."""
        error = refusal(b'{"event":"socket.reply","re":5,"id":7}')
        assert (error.facts, error.id) == ({"path": "$.re"}, 7)

    @pytest.mark.parametrize("key", ["k", "x" * 64, "\U0001f600" * 64, None])
    def test_goodKey(self, key: str | None) -> None:
        """A key is a text of 1 to 64 characters; null is no key."""
        assert decode(message(more=b',"key":' + json.dumps(key).encode())).key == key

    @pytest.mark.parametrize("key", ["", "x" * 65, "\U0001f600" * 65, 5, ["k"], {}, False])
    def test_badKey(self, key: Any) -> None:
        """Another key is refused under the message's id."""
        error = refusal(message(more=b',"key":' + json.dumps(key).encode()))
        assert (error.facts, error.id) == ({"path": "$.key"}, 7)


class TestText:
    """
    Invalid Unicode.
    """

    @pytest.mark.parametrize("wrong", [b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\xaf"'])
    def test_notUTF8(self, wrong: bytes) -> None:
        """Bytes that aren't UTF-8 are refused everywhere, in ignored keys too."""
        for text in (message(wrong), message(more=b',"unknown":' + wrong), message(more=b"," + wrong + b":1")):
            assert refusal(text).message == "Not JSON"

    def test_escapes(self) -> None:
        """A character may be escaped as a surrogate pair, and a control character must be escaped."""
        assert decode(message(b'"\\ud83d\\ude00"')).data == "\U0001f600"
        assert decode(message(b'"a\\nb"')).data == "a\nb"
        refusal(message(b'"a\nb"'))


class TestNumbers:
    """
    Numbers that a browser would read differently.
    """

    @pytest.mark.parametrize("word", [b"NaN", b"Infinity", b"-Infinity", b"nan", b"undefined"])
    def test_notNumbers(self, word: bytes) -> None:
        """NaN and Infinity are refused."""
        refusal(message(word))
        refusal(message(more=b',"unknown":' + word))

    @pytest.mark.parametrize(
        "digits",
        [b"1e999", b"-1e999", b"9" * 309, b"-" + b"9" * 309, b"1" * 310, b"1" * 400, b"1" * 5000, b"1" * 310 + b".5"],
        ids=lambda digits: f"{len(digits)} bytes",
    )
    def test_outOfRange(self, digits: bytes) -> None:
        """A number beyond a double is refused with its place."""
        assert refusal(message(digits)).facts == {"path": "$.data"}
        nested = refusal(message(b'{"k":[0,' + digits + b"]}"))
        assert nested.facts["path"].startswith("$.data")
        assert nested.id == 7

    @pytest.mark.parametrize(
        "digits", [b"1" * 309, b"-" + b"1" + b"0" * 308, b"1e308", b"1e-999", b"0." + b"1" * 5000, b"18446744073709551616"]
    )
    def test_withinRange(self, digits: bytes) -> None:
        """A number within a double is accepted, however many digits it has."""
        assert float(decode(message(digits)).data) == float(digits)
        assert type(decode(message(digits)).data) is type(json.loads(digits))

    @pytest.mark.parametrize("number", ["1e308", "5e-324", "1.7976931348623157e308"])
    def test_hardNumbers(self, number: str) -> None:
        """Numbers that msgspec reads slowly are read by Python, exactly, so that many of them don't block the server."""
        read = []

        def note(frame: Any, happening: str, _: Any) -> None:
            if happening == "call" and frame.f_code.co_name == "_double":
                read.append(frame.f_locals["text"])

        sys.setprofile(note)
        payload = decode(message(f"[{number},[{number}]]".encode()))
        sys.setprofile(None)
        assert read == [number, number]
        assert payload.data == [float(number), [float(number)]]

    @pytest.mark.parametrize("count", [309, 400, 5000])
    def test_digitsInText(self, count: int) -> None:
        """Digits in a string are accepted, however many there are."""
        data = {"9" * count: ["1" * count, None, 1.5, True]}
        assert decode(message(json.dumps(data).encode())).data == data


class TestDepth:
    """
    Nested arrays and objects.
    """

    @pytest.mark.parametrize("make", [arrays, objects])
    def test_deepestThatPasses(self, make: Any) -> None:
        """Data may be as deep as the limit."""
        assert decode(message(make(DEPTH))).data == json.loads(make(DEPTH))

    @pytest.mark.parametrize("make", [arrays, objects])
    def test_deepNestingIsRefused(self, make: Any) -> None:
        """Data one level deeper than the limit is refused under the message's id."""
        error = refusal(message(make(DEPTH + 1)))
        assert (error.message, error.facts, error.id) == (f"Nested more than {DEPTH} deep", {"path": "$.data"}, 7)

    @pytest.mark.parametrize(
        "brackets", [arrays(30_000), objects(30_000), b"[" * 30_000, b'{"a":' * 30_000, b'[{"a":' * 15_000]
    )
    def test_thousandsOfBrackets(self, brackets: bytes) -> None:
        """Data as deep as a message is long is refused in the same way, in ignored keys too."""
        for text in (message(brackets), message(more=b',"unknown":' + brackets)):
            assert refusal(text).message == f"Nested more than {DEPTH} deep"

    @pytest.mark.parametrize("bracket", ["[", "{"])
    def test_bracketsInText(self, bracket: str) -> None:
        """Brackets in a string are accepted, however many there are."""
        data = {bracket * 30_000: [bracket * 30_000]}
        assert decode(message(json.dumps(data).encode())).data == data

    def test_manyBesideEachOther(self) -> None:
        """Any number of arrays and objects may be beside each other."""
        data = [[{}, []]] * 1000
        assert decode(message(json.dumps(data).encode())).data == data

    def test_whatIsReadCanBeSent(self) -> None:
        """Accepted data can be sent on, also from a deep stack."""
        data = decode(message(arrays(DEPTH))).data

        def deeper(levels: int) -> bytes:
            return deeper(levels - 1) if levels else encode("x", data)

        assert json.loads(deeper(300))["data"] == data


class TestSecrets:
    """
    Errors and reprs show no values.
    """

    def test_reprShowsNoData(self) -> None:
        """A payload's repr shows only its event's name."""
        assert repr(Payload("chat.send", {"token": "sesame"}, 7)) == str(Payload("chat.send", 5)) == "<Payload 'chat.send'>"

    def test_frozen(self) -> None:
        """A payload can't be changed."""
        payload: Any = Payload("x", 1)
        with pytest.raises(AttributeError):
            payload.data = 2

    @pytest.mark.parametrize("send", [encode, encodeData])
    def test_loneSurrogatesArentQuoted(self, send: Any) -> None:
        """The error for text with a lone surrogate doesn't quote it."""
        with pytest.raises(UsageError, match=r"^The data of 'x' can't be sent as JSON: text with a lone surrogate\.$"):
            send("x", "sesame\ud800")


class TestAnything:
    """
    Any bytes, and any data.
    """

    @given(
        st.binary() | nearlyJSON | (st.binary() | nearlyJSON).map(message) | nearlyJSON.map(lambda text: message(id=text))
    )
    def test_onlyBadPayload(self, text: bytes) -> None:
        """Any bytes give a payload or a refusal, and a payload can be sent on."""
        try:
            payload = decode(text)
        except BadPayload:
            return
        assert 0 < len(payload.event) <= 128
        assert decode(encode(payload.event, payload.data)) == Payload(payload.event, payload.data)

    @given(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128), jsonValues, st.integers(0, 2**53 - 1)
    )
    def test_roundTrip(self, event: str, data: Any, id: int) -> None:
        """What one side encodes the other decodes, as Python's json module does."""
        text = encode(event, data, id=id)
        assert decode(text) == Payload(event, data, id)
        assert json.loads(text) == {"event": event, "data": data, "id": id}
        assert json.loads(bytes(encodeData(event, data))) == data


class TestConverting:
    def test_same(self) -> None:
        """Converting changes only the payload's data."""
        payload = Payload("x", ["2"], 7, "s1")
        assert convertData(payload, tuple[str]) == Payload("x", ("2",), 7, "s1")


class TestLong:
    """
    Long messages, which are searched for numbers that msgspec reads slowly.
    """

    @pytest.mark.parametrize(
        "number", ["1e308", "1.5", "-0.1e-7", "1E+22", "123456789012345678", "0.1234567890123456789", "4e-9"]
    )
    def test_numbers(self, number: str) -> None:
        """Numbers are read in the same way in long messages and in short ones."""
        text = f'{{"event":"x","data":[{",".join([number] * 2000)}]}}'
        assert decode(text.encode()).data == [json.loads(number)] * 2000

    @pytest.mark.parametrize("number", ["1e309", "-1e999", "1" + "0" * 400])
    def test_tooLarge(self, number: str) -> None:
        """A number beyond a double is refused among thousands of others."""
        text = f'{{"event":"x","id":7,"data":[{"1.5," * 4000}{number}]}}'
        assert (refusal(text.encode()).id, refusal(text.encode()).message) == (7, "Number out of range")

    @pytest.mark.parametrize("depth", [2, 4, 5, 255, 256, 257, 300])
    @pytest.mark.parametrize("fill", [b"", b'"]"', b'"[[["', b'"\\\\"', b'"\\"]"', b'{"[":"]"}'])
    def test_depth(self, depth: int, fill: bytes) -> None:
        """Only what is nested too deep is refused, however wide the data is and whatever its texts are."""
        levels = depth - fill.startswith(b"{") - 1
        data = b"[" + b",".join([b"[" * levels + fill + b"]" * levels] * (5000 // depth)) + b"]"
        text = b'{"event":"x","id":7,"data":' + data + b"}"
        if depth > 256:
            assert refusal(text).id == 7
        else:
            assert len(decode(text).data) == 5000 // depth
