"""
The close codes: the docs list the same ones, our clients obey them, and no other module has literal codes.
"""

import ast
import inspect
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from ratchet_tx import Hub
from ratchet_tx.interfaces import IConnection, IHub
from ratchet_tx.wire.closecodes import (
    CLOSE_CODES,
    DONE,
    KICKED,
    LOST,
    NO_CODE,
    RECONNECT_CODES,
    STANDARD_CODES,
    checkCloseCode,
)
from tests.test_layers import MODULES, ORDER

ROOT = Path(__file__).parents[2]

#: What may not import the catalogue, for it stands below.
BELOW = ORDER[: ORDER.index("wire")]

#: 1000 is also a number of bytes, of rooms, or of milliseconds.
NAMED = {*CLOSE_CODES, NO_CODE, LOST} - {DONE}


def closing() -> dict[str, bool]:
    """
    Read the docs' table of close codes: the codes of each row, and whether to reconnect.
    """
    section = (ROOT / "docs/protocol.rst").read_text().split("\nClosing\n-------\n")[1]
    return {
        head: again == "yes" for head, again in re.findall(r"^(\d{4}(?: to \d{4})?) +(yes|no) +\w", section, re.MULTILINE)
    }


def literals(module: str) -> Iterator[int]:
    """
    List the integer literals of a module.
    """
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            yield node.value


def closed(module: str) -> Iterator[int]:
    """
    List the integer literals with which a module calls C{close}.
    """
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".close"):
            yield from (each.value for each in node.args[:1] if isinstance(each, ast.Constant) and type(each.value) is int)


def isBelow(module: str) -> bool:
    return module.partition(".")[0] in BELOW


def numbers(text: str) -> set[int]:
    return {int(each) for each in re.findall(r"\b[14]\d{3}\b", text)}


OTHERS = sorted(module for module in MODULES if not isBelow(module) and module != "wire.closecodes")


def test_docs() -> None:
    """The docs list exactly these codes, and our ranges."""
    assert sorted(closing()) == sorted([*map(str, CLOSE_CODES), "4000 to 4499", "4500 to 4999"])


def test_docsSayReconnects() -> None:
    """The docs say of each code whether to reconnect, as this module does."""
    told = closing()
    assert {code: told[str(code)] for code in CLOSE_CODES} == {code: each.reconnects for code, each in CLOSE_CODES.items()}
    assert (told["4000 to 4499"], told["4500 to 4999"]) == (True, False)


@pytest.mark.parametrize("code", CLOSE_CODES)
def test_entry(code: int) -> None:
    """Each code may be sent, is listed under its number, and has a meaning and a source."""
    entry = CLOSE_CODES[code]
    assert entry.code == code
    assert entry.why.endswith(".")
    assert entry.source.startswith("PROTOCOL" if code >= 4000 else ("RFC 6455", "IANA"))
    assert code >= 4000 or code in STANDARD_CODES


def test_reconnects() -> None:
    """Clients reconnect after exactly these codes, those of applications included."""
    assert {code for code, each in CLOSE_CODES.items() if each.reconnects} == RECONNECT_CODES & CLOSE_CODES.keys()
    assert {1001, 1011, 1012, 1013, *range(4000, 4500)} == RECONNECT_CODES


def test_sendable() -> None:
    """Codes that RFC 6455 reserves can't be sent."""
    assert set(range(1000, 1015)) - {1004, 1005, 1006} == STANDARD_CODES
    assert not {NO_CODE, LOST} & CLOSE_CODES.keys()


def test_browser() -> None:
    """The browser's script passes every code to the page, and doesn't reconnect by itself."""
    script = (ROOT / "ratchet_tx/web/browser/ratchet.js").read_text()
    assert "this.#dispatch('socket.close', { code, reason, clean: wasClean });" in script
    assert script.count("this.#connect()") == script.count("new WebSocket(") == 1
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", script, flags=re.DOTALL)
    assert not numbers(code) & NAMED
    assert re.findall(r"\.close\((\d+)\)", code) == [str(DONE)]


def test_example() -> None:
    """The reconnecting example stays away after each code that says so here, and after 1008."""
    final = runpy.run_path(str(ROOT / "examples/again.py"))["FINAL_CODES"]
    for code, each in CLOSE_CODES.items():
        assert each.reconnects == (code not in final)
    assert not RECONNECT_CODES & final
    assert {1008, *range(4500, 5000)} <= final


@pytest.mark.parametrize("module", OTHERS)
def test_named(module: str) -> None:
    """No module has a literal close code."""
    assert NAMED.intersection(literals(module)) == set()
    assert list(closed(module)) == []


def test_namedBelow() -> None:
    """Modules that can't import the names use only codes that are listed here."""
    told = {each for module in MODULES if isBelow(module) for each in literals(module)}
    # 4,096 is a number of bytes, of buckets, or of addresses that are remembered.
    assert {each for each in told if 4000 <= each <= 4999} - {4096} <= set(CLOSE_CODES)


def test_defaults() -> None:
    """The defaults in the interfaces, which can't import the names, are the same."""
    assert IConnection["close"].getSignatureInfo()["optional"]["code"] == DONE
    assert IHub["disconnect"].getSignatureInfo()["optional"]["code"] == KICKED
    assert inspect.signature(Hub.disconnect).parameters["code"].default == KICKED


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1008, 1009, 1011, 1014, 3000, 4999])
def test_codes(code: int) -> None:
    """What RFC 6455 lets an endpoint send can be sent."""
    checkCloseCode(code)
