"""
The documents: that they render, and that what they repeat from elsewhere is true.
"""

import ast
import json
import re
from typing import Any

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from packaging.requirements import Requirement

from ratchet_tx.applications.decorator import OWN_EVENTS
from ratchet_tx.wire.payload import decode
from tests.kit.fakes import startedHub
from tests.kit.processes import ROOT
from tests.test_layers import MODULES

DOCUMENTS = ["README.rst", "NEWS.rst", "CONTRIBUTING.rst", "examples/chat/README.rst"] + [
    f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.rst"))
]

#: A message of docutils that is a warning or worse.
_WARNING = 2


def render(document: str) -> nodes.document:
    settings = {"report_level": _WARNING, "halt_level": _WARNING}
    return publish_doctree((ROOT / document).read_text(), source_path=document, settings_overrides=settings)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_renders(document: str) -> None:
    """A document renders without a warning, so that each of its links has a target."""
    assert render(document).astext()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_rows(document: str) -> None:
    """
    Each row of a table has text in its last column.

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


def frames(sender: str) -> list[dict[str, Any]]:
    """
    Return the frames that the protocol's page shows for one side.

    @param sender: C{->} for the client, C{<-} for the server
    """
    found = re.findall(rf"^    {sender} (\{{.*(?:\n        .*)*)", (ROOT / "docs/protocol.rst").read_text(), re.MULTILINE)
    return [json.loads(frame) for frame in found]


def own(names: set[str]) -> set[str]:
    return {name for name in names if name.startswith("socket.")}


def test_framesOfClients() -> None:
    """The protocol's page shows a valid frame of each C{socket.*} event that a client may send."""
    for frame in frames("->"):
        assert decode(json.dumps(frame).encode()).event == frame["event"]
    assert own({frame["event"] for frame in frames("->")}) == startedHub().parts.controls.byEvent.keys()


def test_framesOfServers() -> None:
    """The protocol's page shows a frame of each C{socket.*} event that the server sends, and of no other."""
    named = {
        node.value
        for path in MODULES.values()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"socket\.[a-z.]+\w", node.value)
    }
    sent = own({frame["event"] for frame in frames("<-")})
    assert sent == named - (startedHub().parts.controls.byEvent.keys() - {"socket.reply"}) - (
        OWN_EVENTS - {"socket.auth.success", "socket.auth.failure"}
    )


def test_eventsAtOneGlance() -> None:
    """The protocol's page lists each of these events once, with its sender."""
    listed = re.findall(
        r"^``(socket\.[\w.]+)`` +(``->``|``<-``(?: v2)?|both)  ", (ROOT / "docs/protocol.rst").read_text(), re.M
    )
    sends = {"``->``": {"->"}, "both": {"->", "<-"}}
    assert len(listed) == len(dict(listed))
    for sender in ("->", "<-"):
        events = {event for event, direction in listed if sender in sends.get(direction, {"<-"})}
        assert events == own({frame["event"] for frame in frames(sender)})
