"""
The documents as they are read: that they render, and that what they repeat from elsewhere is still true.
"""

import re

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from packaging.requirements import Requirement

from tests.kit.processes import ROOT

DOCUMENTS = ["README.rst", "NEWS.rst", "CONTRIBUTING.rst", "examples/chat/README.rst"] + [
    f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.rst"))
]

#: What renders as a warning or worse.
_WARNING = 2


def render(document: str) -> nodes.document:
    settings = {"report_level": _WARNING, "halt_level": _WARNING}
    return publish_doctree((ROOT / document).read_text(), source_path=document, settings_overrides=settings)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_renders(document: str) -> None:
    """A document renders without a warning, so that each of its links leads somewhere."""
    assert render(document).astext()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_rows(document: str) -> None:
    """
    No row of a table is half of another: each says something in its last column.

    In a simple table each line whose first cell isn't blank begins a new row, so a first cell has to fit into one line.
    """
    rows = [[cell.astext() for cell in row] for row in render(document).findall(nodes.row)]
    assert [row for row in rows if not row[-1].strip()] == []


def test_oldest() -> None:
    """SECURITY.md names the oldest versions that setup.py admits."""
    setup = (ROOT / "setup.py").read_text()
    needed = {each.name: each for each in map(Requirement, re.findall(r'^ {8}"([\w.>=\[\]]+)",$', setup, re.MULTILINE))}
    named = re.findall(r"(Twisted|Autobahn) ([\d.]+) and newer", (ROOT / "SECURITY.md").read_text())
    assert {name for name, _ in named} == {"Twisted", "Autobahn"}
    for name, version in named:
        [least] = needed[name if name in needed else name.lower()].specifier
        assert (name, least.version) == (name, version)
