"""
The command C{describe}, run as a process.
"""

import json
import subprocess
import sys
from pathlib import Path
from shutil import copy

import pytest

from tests.describe.test_asyncapi import faults
from tests.kit.processes import ROOT, run
from tests.kit.typescript import errors

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """
    A working directory with a module of the author's, alone and in a package.
    """
    copy(PROGRAMS / "mine.py", tmp_path / "mine.py")
    (tmp_path / "broken.py").write_text("import nowhere_to_be_found\n")
    (tmp_path / "wrong.py").write_text("def f(:\n")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text('__version__ = "2.1"\n')
    copy(PROGRAMS / "mine.py", tmp_path / "shop" / "app.py")
    return tmp_path


def describe(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "-m", "ratchet_tx", "describe", *words], folder)


def described(folder: Path, *words: str) -> str:
    ended = describe(folder, *words)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("name", ["mine:Drawing", "mine.Drawing", "mine:drawing", "mine.drawing", "shop.app:Drawing"])
def test_asyncapi(folder: Path, name: str) -> None:
    """An application is named by a colon or a dot; the result is an AsyncAPI document."""
    document = json.loads(described(folder, name))
    assert faults(document) == []
    assert set(document["operations"]) == {"point", "any"}
    assert document["operations"]["point"]["description"] == "Draws größer."
    version = "2.1" if name.startswith("shop") else "0"
    assert document["info"] == {"title": name, "version": version}


def test_several(folder: Path) -> None:
    """Several applications make one document; its title and version can be set."""
    words = ("mine:Drawing", "mine:Other", "--title", "All", "--api-version", "7")
    document = json.loads(described(folder, *words))
    assert set(document["operations"]) == {"point", "any", "other"}
    assert document["info"] == {"title": "All", "version": "7"}


def test_types(folder: Path) -> None:
    """The types are written to a file, with which a program compiles."""
    assert described(folder, "mine:Drawing", "--format", "types", "--output", "events.d.ts") == ""
    program = folder / "program.ts"
    right = "import type { Events } from './events';\nnew Ratchet<Events>().emit('point', { x: 1 });\n"
    wrong = "new Ratchet<Events>().emit('point', { x: 'one' });\n"
    program.write_text(right + wrong)
    assert errors(program) == [wrong.strip()]
    program.write_text(right)
    assert errors(program) == []


def test_unexaminable(folder: Path) -> None:
    """An application that can't be examined without a connection is left out, and one line says so."""
    ended = describe(folder, "mine:several")
    assert ended.returncode == 0
    assert set(json.loads(ended.stdout)["operations"]) == {"point", "any"}
    reason = "its result's class is unknown: annotate the function, -> TheClass."
    assert ended.stderr == f"imported\nratchet: left out unseen: {reason}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere:App",), "application nowhere.App: there is no module 'nowhere'"),
        (("mine:Nobody",), "application mine.Nobody: module 'mine' has no attribute 'Nobody'"),
        (("mine:number",), "application mine.number: int is no application: it has neither a method subscribedEvents() nor"),
        (("mine",), "application mine: module is no application: it has neither"),
        (("mine:Point",), "application mine.Point: TypeError: Missing required argument 'x'"),
        (("mine:Fails",), "application mine.Fails: ValueError: no good ("),
        (("mine:Wrong",), "application mine.Wrong: The handler of 'wrong' wants a type that can't be found"),
        (("broken:App",), "application broken.App: "),
        (("wrong:App",), "application wrong.App: SyntaxError: "),
        (("mine:Drawing", "mine:drawing"), "application mine.drawing: There is an application 'mine.Drawing' already"),
        (("mine:Drawing", "--output", "no/where"), "--output no/where: No such file or directory"),
    ],
)
def test_wrong(folder: Path, words: tuple[str, ...], said: str) -> None:
    """An error is one line and exit status 1."""
    ended = describe(folder, *words)
    assert (ended.returncode, ended.stdout) == (1, "")
    [line] = [line for line in ended.stderr.splitlines() if line != "imported"]
    assert line.startswith(f"ratchet: {said}")


def test_usage(folder: Path) -> None:
    """Without arguments, or with unknown ones, it prints its usage."""
    for words in ([], ["describe"], ["describe", "mine:Drawing", "--format", "yaml"], ["nothing"]):
        ended = run([sys.executable, "-m", "ratchet_tx", *words], folder)
        assert ended.returncode == 2
        assert ended.stderr.startswith("usage: python -m ratchet_tx")


def test_examples() -> None:
    """The examples' events can be described."""
    for name in ("hello.hello:Hello", "moderation:register", "waiting:Waiting"):
        assert faults(json.loads(described(ROOT / "examples", name))) == []
