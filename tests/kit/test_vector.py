"""
Reading vectors, and comparing frames with them.
"""

from typing import Any

import msgspec
import pytest

from tests.kit.vector import ClosedWith, Emits, Values, read


def vector(*steps: Any, **keys: Any) -> bytes:
    return msgspec.json.encode({"rule": "A rule.", "source": "Replies", "steps": steps, **keys})


class TestReading:
    def test_steps(self) -> None:
        """A step's kind is found by its key."""
        steps = [{"peer": "a", "closedWith": 4500}, {"server": "emits", "event": "x"}]
        assert read(vector(*steps)).steps == [ClosedWith("a", 4500), Emits("x")]

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"[]",
            b"{}",
            vector(note="x"),
            vector(server={"users": {}}),
            vector(server={"events": {"x": {"return": 1}}}),
            vector(server={"rooms": {"x": {"history": 10}}}),
            vector(5),
            vector({"peer": "a"}),
            vector({"peer": "a", "receive": {}}),
            vector({"peer": "a", "opens": True, "sends": {}}),
            vector({"peer": "a", "opens": False}),
            vector({"server": "sleeps"}),
            vector({"server": "drains", "seconds": 5}),
            vector({"server": "closes", "peer": "a"}),
            vector({"peer": "a", "stopsReading": False}),
        ],
    )
    def test_unknownKeys(self, text: bytes) -> None:
        """Anything that the format doesn't have is an error."""
        with pytest.raises(ValueError):  # noqa: PT011
            read(text)


class TestComparing:
    @pytest.mark.parametrize(
        ("expected", "got", "matches"),
        [
            ({"a": [1, "x", None]}, {"a": [1, "x", None]}, True),
            ({"a": 1}, {"a": 1, "b": 2}, False),
            ({"a": 1, "b": 2}, {"a": 1}, False),
            ([1], [1, 2], False),
            ({"a": 1}, [1], False),
            (1, True, False),
            (1, 1.0, True),
            (None, False, False),
            ("$any", {"a": 1}, True),
            (["$x", "$x"], [1, 1], True),
            (["$x", "$x"], [1, 2], False),
            (["$x", "$x"], [1, True], False),
            ("$.data", "x", False),
            ("$", "x", False),
        ],
    )
    def test_matches(self, expected: Any, got: Any, matches: bool) -> None:
        """Values are compared deeply; a placeholder has one value wherever it is."""
        assert Values().matches(expected, got) is matches

    def test_filling(self) -> None:
        """A placeholder is replaced by its value, and other texts stay."""
        values = Values()
        assert values.matches({"id": "$id"}, {"id": "s1"})
        assert values.fill({"re": "$id", "data": ["$other", 5, "$.x"]}) == {"re": "s1", "data": ["$other", 5, "$.x"]}
