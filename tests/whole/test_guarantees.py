"""
What the documents promise, each of it by the name of a test: that there is such a test.
"""

import re

import pytest

from tests.kit.named import isThere
from tests.kit.processes import ROOT

#: Documents, and how many tests each names at least.
DOCUMENTS = {"docs/guarantees.rst": 90, "docs/security.rst": 30}

#: The name of a module of the tests, perhaps with that of something in it; or of a vector.
_NAME = re.compile(r"``((?:test_\w+|contracts|conftest)(?:::\w+)*|vectors/[\w-]+)``")


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
    "name", ["test_nothing", "test_hub::test_nothing", "test_incoming::TestHub::test_inOrder", "vectors/nothing"]
)
def test_whatIsNotThere(name: str) -> None:
    """A test that there isn't is found out."""
    assert not isThere(name)
