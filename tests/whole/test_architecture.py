"""
The page about the architecture: it names every module and no other, and its picture shows the imports.
"""

import re

import pytest

from docs.architecture import PICTURE, draw, importing, parts
from ratchet_tx import Hub
from tests.kit.processes import ROOT
from tests.test_layers import MODULES, ORDER, TOP, WITHIN

PAGE = (ROOT / "docs/architecture.rst").read_text()

#: The parts of the page: the one that names the folders with their modules, and the one that follows a message.
FOLDERS, _, WAYS = PAGE.partition("\nA connection opens\n---")


def chapter(part: str) -> str:
    """
    Take a folder's paragraph from the page.
    """
    found = re.search(rf"^``{part}``(?:: .*|, .*)\n(?:(?:    .*)?\n)*", FOLDERS, re.MULTILINE)
    assert found is not None, part
    return found[0]


@pytest.mark.parametrize(
    "module", sorted(module for module in MODULES if module not in TOP and MODULES[module].name != "__init__.py")
)
def test_everyModuleIsNamed(module: str) -> None:
    """Each module is named once, in its folder's paragraph."""
    folder, _, _ = module.partition(".")
    text = chapter(folder) if "." in module else FOLDERS
    name = module.rpartition(".")[2]
    assert text.count(f"``{name}``") == 1 + (name == folder and "." in module)


def test_everyModuleOfTheClientIsNamed() -> None:
    """Each module of the browser client is named once, and no other."""
    _, _, text = FOLDERS.partition("\n``client/src/``: ")
    assert sorted(re.findall(r"``(\w+\.js)``", text)) == sorted(path.name for path in (ROOT / "client/src").glob("*.js"))


def test_order() -> None:
    """The folders are named in their order."""
    folders = [part for part in ORDER if part in re.findall(r"^``(\w+)``:", FOLDERS, re.MULTILINE)]
    assert re.findall(r"^``(\w+)``:", FOLDERS, re.MULTILINE) == folders
    assert len(folders) == len(ORDER) - 4


def test_namesExist() -> None:
    """Each module and each hub method that the page names exists."""
    modules = {name for module in MODULES for name in (module, module.removeprefix("transport."))}
    named = re.findall(r"``(\w+\.\w+)``", WAYS)
    ofFolders = [name for name in named if name.partition(".")[0] in {*ORDER, *WITHIN["transport"]}]
    assert len(ofFolders) > 25
    missing = {name for name in ofFolders if name not in modules}
    assert {name for name in missing if not hasattr(Hub, name.removeprefix("hub."))} == set()


def test_picture() -> None:
    """The picture is what C{make docs-architecture} draws from today's imports."""
    assert PICTURE.read_text(encoding="utf-8") == draw(), "run make docs-architecture"


def test_pictureShowsEveryImport() -> None:
    """The picture has a dot for each import between folders, and each dot is left of the squares."""
    pairs = importing()
    assert re.findall(r"<title>(.*?) imports (.*?)</title>", draw()) == [
        (each.name, other.name) for each in parts() for other in parts() if (each.name, other.name) in pairs
    ]
    order = [part.name for part in parts()]
    assert {pair for pair in pairs if order.index(pair[0]) < order.index(pair[1])} == set()
