"""
The page about security: the tests that it names exist.
"""

import re

import pytest

from tests.kit.named import isThere, namesIn
from tests.kit.processes import ROOT
from tests.whole.test_bare import ATTACKS

PAGE = (ROOT / "docs" / "security.rst").read_text()

#: The names in the page: test modules, or names in them.
NAMED = sorted(set(re.findall(r"``((?:test_\w+|conftest)(?:::\w+)?)``", PAGE)))


def test_some() -> None:
    """The page names tests, among them those of attacks on a real port."""
    assert len(NAMED) > 30
    assert "test_attacks::test_manyBruteForces" in NAMED


@pytest.mark.parametrize("named", NAMED)
def test_exists(named: str) -> None:
    """A test that the page names exists."""
    assert isThere(named)


def test_attacksAreNamed() -> None:
    """The page names every attack on a real port, and every attack that harms bare Autobahn."""
    attacks = [f"test_attacks::{name}" for name in sorted(namesIn("test_attacks")) if name.startswith("test_")]
    bare = [attack.__name__ for attack in ATTACKS]
    assert [name for name in [*attacks, *bare] if f"``{name}``" not in PAGE] == []
