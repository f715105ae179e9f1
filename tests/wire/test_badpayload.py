"""
Refusals of malformed messages: they say what is wrong and where, have the message's id, and never show a value.
"""

from typing import Any, Literal

import msgspec
import pytest

from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.payload import Payload, convertData
from tests.wire.messages import arrays, message, refusal


class Only(msgspec.Struct, forbid_unknown_fields=True):
    a: int = 0


class TestMessage:
    """
    Messages that can't be decoded.
    """

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"hello",
            b'{"event":"x"',
            b'{"event":"x"}}',
            b"{'event':'x'}",
            b'{"event":"x",}',
            b'\xef\xbb\xbf{"event":"x"}',
        ],
    )
    def test_notJSON(self, text: bytes) -> None:
        """A text that isn't JSON is refused without an id."""
        error = refusal(text)
        assert (error.message, error.facts, error.id) == ("Not JSON", {"path": "$"}, None)

    @pytest.mark.parametrize("escape", [b"\\ud800", b"\\udc00", b"\\udc00\\ud800", b"\\ud83d\\u0041", b"\\ud83d"])
    def test_loneSurrogates(self, escape: bytes) -> None:
        """Lone surrogates are refused as such."""
        for text in (
            message(b'"' + escape + b'"'),
            message(b'{"' + escape + b'":1}'),
            message(more=b',"unknown":"' + escape + b'"'),
        ):
            assert refusal(text).message == "Half a surrogate pair"

    def test_surrogatesInGarbage(self) -> None:
        """A text that isn't JSON is refused as such, even with lone surrogates in it."""
        for text in (b'{"event":"\\ud83d\\ude00"', b'"\\ud83d', b'{"event":"x","data":"\\ud800"]'):
            assert refusal(text).message == "Not JSON"

    @pytest.mark.parametrize(
        "text",
        [
            *(b'{"event":31337}', b'{"event":"' + b"31337" * 30 + b'"}', b'{"event":["31337"]}'),
            *(message(id=b'"31337"'), message(id=b"-31337"), message(id=b'{"31337":1}')),
            *(message(b'{"31337":1e999}'), message(b"31337" * 100), message(b"31337" * 1000)),
            *(message(b'"31337'), message(b'"31337\xff"'), message(b'"31337\\ud800"')),
            message(b'{"31337":' * 300 + b"1" + b"}" * 300),
            message(more=b',"31337":NaN'),
        ],
    )
    def test_errorsDontQuote(self, text: bytes) -> None:
        """No refusal quotes the message."""
        error = refusal(text)
        assert "31337" not in f"{error} {error!r} {error.asJSON()}"


class TestId:
    """
    The id of a malformed message.
    """

    @pytest.mark.parametrize("text", [b'{"id":"7","event":"x","id":7}', b'{"event":5,"id":-7,"id":7}'])
    def test_lastId(self, text: bytes) -> None:
        """Of several ids the last counts, as in a JSON parser, even if an earlier one is malformed."""
        assert refusal(text).id == 7

    @pytest.mark.parametrize(
        "rest",
        [
            arrays(30_000) + b',"id":7}',
            b'[{"id":9},' * 2000 + b"1" + b"]" * 2000 + b',"id":7}',
            b'"\\ud800","id":7}',
            b'"\\uDE00\\ud83D","id":7}',
            b'{"\\udfff":1},"id":7}',
            b'["\\ud800",' + arrays(30_000) + b'],"id":7}',
            b'"\\\\","x":"\\ud912","id":7}',
        ],
    )
    def test_idBehindAFault(self, rest: bytes) -> None:
        """The id of a message is found, however malformed the rest is."""
        assert refusal(b'{"event":5,"data":' + rest).id == 7
        assert refusal(b'{"event":"x","data":' + rest).id == 7

    @pytest.mark.parametrize(
        "rest",
        [
            b'1,"id":7',
            b'nope,"id":7}',
            b'1,"id":"7"}',
            b'{"id":7}}',
            b'1,"id":-7}',
            b'1,"id":7.5}',
            b'1,"id":9007199254740992}',
        ],
    )
    def test_noId(self, rest: bytes) -> None:
        """Other keys and values aren't taken for the message's id."""
        assert refusal(b'{"event":5,"data":' + rest).id is None


class TestData:
    """
    Data that doesn't match a type.
    """

    @pytest.mark.parametrize(
        ("data", "kind", "message", "path"),
        [
            ("secret", int, "Expected `int`, got `str`", "$.data"),
            ([{"a": 1}, {"a": "secret"}], list[dict[str, int]], "Expected `int`, got `str`", "$.data[1][...]"),
            ({"secret": 1}, dict[int, int], "Expected `int`, got `str`", "$.data"),
            ({"a": "secret"}, dict[str, Literal["b"]], "Invalid enum value", "$.data[...]"),
            ({"b": "x"}, Only, "Object contains unknown field `b`", "$.data"),
            ("secret - at `$.x`", Literal["b"], "Invalid enum value", "$.data"),
        ],
    )
    def test_faults(self, data: Any, kind: Any, message: str, path: str) -> None:
        """A mismatch is told with its place, and without its value."""
        with pytest.raises(BadPayload) as raised:
            convertData(Payload("x", data, 7), kind)
        assert (raised.value.message, raised.value.facts, raised.value.id) == (message, {"path": path}, 7)
