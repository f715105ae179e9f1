"""
The page about security: what it promises, it names the tests of.
"""

import ast
import re

import pytest

from tests.kit.processes import ROOT
from tests.whole.test_bare import ATTACKS

TESTS = ROOT / "tests"

PAGE = (ROOT / "docs" / "security.rst").read_text()

#: What the page names: a module of tests, or something in one.
NAMED = sorted(set(re.findall(r"``((?:test_\w+|conftest)(?:::\w+)?)``", PAGE)))


def namesIn(module: str) -> list[str]:
    """
    Name the functions and classes of a module, in whichever folder, those in classes too.
    """
    (file,) = TESTS.glob(f"**/{module}.py") if module != "conftest" else [TESTS / "conftest.py"]
    tree = ast.parse(file.read_text())
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef | ast.ClassDef)]


def test_some() -> None:
    """The page names tests, among them those of attacks on a real port."""
    assert len(NAMED) > 30
    assert "test_attacks::test_manyBruteForces" in NAMED


@pytest.mark.parametrize("named", NAMED)
def test_exists(named: str) -> None:
    """What the page names is there."""
    module, _, name = named.partition("::")
    assert name in ["", *namesIn(module)]


def test_attacksAreNamed() -> None:
    """No attack on a real port is left out of the page, nor one that bare Autobahn doesn't withstand."""
    attacks = [f"test_attacks::{name}" for name in namesIn("test_attacks") if name.startswith("test_")]
    bare = [attack.__name__ for attack in ATTACKS]
    assert [name for name in [*attacks, *bare] if f"``{name}``" not in PAGE] == []
