"""
The error codes: the docs list the same ones, and no other module has literal codes.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ratchet_tx.wire.errorcodes import ERROR_CODES, OTHER_CODES
from tests.test_layers import MODULES, ORDER

ROOT = Path(__file__).parents[2]

ALL = {**ERROR_CODES, **OTHER_CODES}

#: What may not import the catalogue, for it stands below.
BELOW = ORDER[: ORDER.index("wire")]

#: What a code looks like whose first word is one of these.
LIKE = re.compile("(" + "|".join(sorted({code.partition(".")[0] for code in ALL})) + r")\.[a-z]+")


def quoted(module: str) -> Iterator[str]:
    """
    List the string literals of a module.
    """
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def isBelow(module: str) -> bool:
    return module.partition(".")[0] in BELOW


OTHERS = sorted(module for module in MODULES if not isBelow(module) and module != "wire.errorcodes")


def test_docs() -> None:
    """The docs list exactly these codes, and say of each whether to retry."""
    section = (ROOT / "docs/protocol.rst").read_text().split("\nReplies, both ways\n------------------\n")[1]
    table = section.split("\ncode                  retry    meaning\n")[1].split("\n\n")[0]
    said = {True: "yes", False: "no", None: "depends"}
    rows = re.findall(r"^``([a-z.]+)`` +(yes|no|depends) ", table, re.MULTILINE)
    assert rows == [(code, said[each.retry]) for code, each in ERROR_CODES.items()]


@pytest.mark.parametrize("code", ALL)
def test_entry(code: str) -> None:
    """Each code is listed under its name in one table, and has a meaning and a source."""
    entry = ALL[code]
    assert entry.code == code
    assert entry.why.endswith(".")
    assert entry.source.startswith("PROTOCOL, ")
    assert (code in ERROR_CODES) != (code in OTHER_CODES)


@pytest.mark.parametrize("module", OTHERS)
def test_named(module: str) -> None:
    """No module has a literal code."""
    assert ALL.keys() & set(quoted(module)) == set()


def test_namedBelow() -> None:
    """Modules that can't import the names use only codes that are listed here."""
    told = {each for module in MODULES if isBelow(module) for each in quoted(module) if LIKE.fullmatch(each)}
    assert told <= set(ALL)


@pytest.mark.parametrize("module", OTHERS)
def test_retry(module: str) -> None:
    """Each refusal has the C{retry} of its code, if the code has one."""
    names = {code.replace(".", "_").upper(): entry for code, entry in ALL.items()}
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("PeerError", "Failed"):
            entry = names.get(ast.unparse(node.args[0]))
            if entry is not None and entry.retry is not None:
                said = {each.arg: ast.unparse(each.value) for each in node.keywords}.get("retry", "False")
                assert said == str(entry.retry), f"line {node.lineno}"
