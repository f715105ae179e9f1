"""
What the documents promise, each of it by the name of a test: that there is such a test.
"""

import ast
import re
from pathlib import Path

import pytest

from tests.kit.processes import ROOT
from tests.kit.vector import FOLDER

TESTS = ROOT / "tests"

#: Documents, and how many tests each names at least.
DOCUMENTS = {"docs/guarantees.rst": 90, "docs/security.rst": 30}

#: The name of a module of the tests, perhaps with that of something in it; or of a vector.
_NAME = re.compile(r"``((?:test_\w+|contracts|conftest)(?:::\w+)*|vectors/[\w-]+)``")


def defined(module: Path) -> set[str]:
    """
    Name all classes and functions of a module, wherever in it.
    """
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, kinds)}


def isThere(name: str) -> bool:
    if name.startswith("vectors/"):
        return (FOLDER / f"{name.removeprefix('vectors/')}.json").is_file()
    module, *path = name.split("::")
    return any(set(path) <= defined(file) for file in TESTS.rglob(f"{module}.py"))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_names(document: str) -> None:
    """Every test that a document names is there."""
    names = set(_NAME.findall((ROOT / document).read_text()))
    assert len(names) >= DOCUMENTS[document]
    assert {name for name in names if not isThere(name)} == set()


def test_everyPromiseHasItsTest() -> None:
    """Every promise ends with the names of what would fail if it were broken."""
    text = (ROOT / "docs/guarantees.rst").read_text()
    promises = re.findall(r"^- .*(?:\n  .*)*", text, re.MULTILINE)
    assert len(promises) > 40
    assert [each for each in promises if not re.search(r"``\)\.$", each) or not _NAME.search(each)] == []


@pytest.mark.parametrize(
    "name", ["test_nothing", "test_hub::test_nothing", "test_hub::TestHub::test_inOrder", "vectors/nothing"]
)
def test_whatIsNotThere(name: str) -> None:
    """A test that there isn't is found out."""
    assert not isThere(name)
