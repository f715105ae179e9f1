"""
The documents' promises, each with the name of a test: those tests exist.
"""

import re

import pytest

from tests.kit.named import isThere
from tests.kit.processes import ROOT

#: Documents, and the least number of tests that each names.
DOCUMENTS = {"docs/guarantees.rst": 90, "docs/security.rst": 30}

#: The name of a test module, optionally with a name in it; or of a vector.
_NAME = re.compile(r"``((?:test_\w+|contracts|conftest)(?:::\w+)*|vectors/[\w-]+)``")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_names(document: str) -> None:
    """Every test that a document names exists."""
    names = set(_NAME.findall((ROOT / document).read_text()))
    assert len(names) >= DOCUMENTS[document]
    assert {name for name in names if not isThere(name)} == set()


def test_everyPromiseHasItsTest() -> None:
    """Every promise ends with the names of the tests that fail if it is broken."""
    text = (ROOT / "docs/guarantees.rst").read_text()
    promises = re.findall(r"^- .*(?:\n  .*)*", text, re.MULTILINE)
    assert len(promises) > 40
    assert [each for each in promises if not re.search(r"``\)\.$", each) or not _NAME.search(each)] == []


@pytest.mark.parametrize(
    "name", ["test_nothing", "test_hub::test_nothing", "test_incoming::TestHub::test_inOrder", "vectors/nothing"]
)
def test_missing(name: str) -> None:
    """A name without a test is found."""
    assert not isThere(name)
