"""
The folders of the package: imports go one way, without a circle, and each folder imports from outside what it may.
"""

import ast
import re
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "ratchet_tx"

#: The parts in their order: each imports only itself and those before it.  The first are modules, the others folders.
ORDER = (
    *("errors", "interfaces", "happenings", "settings"),
    *("deferreds", "wire", "budget", "backplane", "monitoring", "applications", "connections", "limits", "login", "rooms"),
    *("hub", "transport", "web", "server", "describe"),
)

#: What gathers public names and commands, and may import everything.
TOP = frozenset({"__init__", "__main__"})

#: Folders within a folder, in their order; they stand before the modules beside them.
WITHIN = {"transport": ("sockets", "handshake")}

#: What has nothing to do with sockets.
BELOW_SOCKETS = ORDER[: ORDER.index("transport")]

#: What doesn't import Twisted, nor asks what time it is, nor opens anything: folders, and modules of others.
PURE = (
    *("errors", "interfaces", "happenings", "settings", "wire", "budget"),
    *("backplane.messages", "backplane.histories", "backplane.roomhistory", "backplane.epochs", "backplane.historyevents"),
    *("applications.event", "applications.decorator", "applications.routes"),
    *("applications.datatypes", "applications.roompolicies", "applications.verify"),
    *("monitoring.counters", "monitoring.logbudget", "monitoring.printable"),
    *("rooms.membership", "rooms.requests", "rooms.roster", "rooms.replay"),
    *("describe.schemas", "describe.asyncapi", "describe.typescript"),
)

#: What pure modules may import, beside what is ours and the standard library's.
PURE_MAY = frozenset({"msgspec", "typing_extensions", "zope"})

#: Modules of the standard library that have to do with the world outside the process.
IMPURE = frozenset({"asyncio", "os", "select", "selectors", "signal", "socket", "ssl", "subprocess", "threading", "time"})

#: What asks the system for the time: the clock, and the backplane in memory until a hub gives it its clock.
CLOCKS = frozenset({"deferreds.clock", "backplane.memory"})

#: What each folder up to the hub may import of Twisted: nothing that has to do with sockets, nor the reactor itself.
TWISTED = frozenset(
    {
        "twisted.application.service",
        "twisted.cred.checkers",
        "twisted.cred.credentials",
        "twisted.cred.error",
        # For DelayedCall, which needs no reactor.
        "twisted.internet.base",
        "twisted.internet.defer",
        "twisted.internet.interfaces",
        "twisted.internet.task",
        "twisted.logger",
        "twisted.python.failure",
        "twisted.python.threadable",
    }
)

#: Packages of others, and the parts that may import them; Twisted and the standard library aside.
OUTSIDE = {
    "_nvx_xormasker": {"transport"},
    "autobahn": {"transport", "web", "server"},
    "idna": {"transport"},
    "jwt": {"login"},
    "markupsafe": {"web"},
    "msgspec": set(ORDER),
    "OpenSSL": {"server"},
    "typing_extensions": set(ORDER),
    "zope": set(ORDER),
}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


MODULES = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def isWithin(module: str, parts: tuple[str, ...]) -> bool:
    return any(module == part or module.startswith(f"{part}.") for part in parts)


def imports(module: str) -> Iterator[str]:
    """
    Name what a module imports, wherever in it: each module, or name, by its whole name.
    """
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(module: str) -> set[str]:
    """
    Name the modules of ours that a module imports.
    """
    names = {name.removeprefix("ratchet_tx.") for name in imports(module) if name.startswith("ratchet_tx.")}
    return {name if name in MODULES else name.rpartition(".")[0] or "__init__" for name in names}


def outside(module: str) -> set[str]:
    """
    Name what a module imports that isn't ours.
    """
    return {name for name in imports(module) if name.partition(".")[0] != "ratchet_tx"}


def place(module: str) -> tuple[int, int]:
    """
    Say where a module stands: by its part, and by the folder within that.
    """
    part, _, rest = module.partition(".")
    within = WITHIN.get(part, ())
    folder = rest.partition(".")[0]
    return ORDER.index(part), within.index(folder) if folder in within else len(within)


def test_everyFolderHasAPlace() -> None:
    """The order names each part of the package once, and nothing else."""
    parts = {module.partition(".")[0] for module in MODULES} - TOP
    assert sorted(parts) == sorted(ORDER)


def test_everyFolderSaysWhatItIsFor() -> None:
    """Each folder has one sentence that says what it is for, and no code."""
    for path in PACKAGE.rglob("*/__init__.py"):
        (doc,) = ast.parse(path.read_text()).body
        assert isinstance(doc, ast.Expr)


@pytest.mark.parametrize("module", sorted(MODULES.keys() - TOP))
def test_importsPointDown(module: str) -> None:
    """A module imports from its own folder and from those before it."""
    assert {imported for imported in own(module) if place(imported) > place(module)} == set()


def test_noCircles() -> None:
    """No module imports itself by way of others."""
    TopologicalSorter({module: own(module) for module in MODULES}).prepare()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_noArrowInAString(module: str) -> None:
    """No annotation names in a string what the module doesn't import or define; nothing is imported for types alone."""
    tree = ast.parse(MODULES[module].read_text())
    assert "TYPE_CHECKING" not in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    known = {name.rpartition(".")[2] for name in imports(module)} | definedIn(tree)
    for node in ast.walk(tree):
        for annotation in annotations(node):
            if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
                named = {each.id for each in ast.walk(ast.parse(annotation.value)) if isinstance(each, ast.Name)}
                assert named <= known, f"line {annotation.lineno}"


def annotations(node: ast.AST) -> Iterator[ast.AST]:
    """
    Give the annotations that a node has, with all that is within them.
    """
    for field in ("annotation", "returns"):
        annotation = getattr(node, field, None)
        if annotation is not None:
            literals = {
                each
                for literal in ast.walk(annotation)
                if isinstance(literal, ast.Subscript) and ast.unparse(literal.value) == "Literal"
                for each in ast.walk(literal.slice)
            }
            yield from (each for each in ast.walk(annotation) if each not in literals)


def definedIn(tree: ast.AST) -> set[str]:
    """
    Name what a module defines, and what Python has built in.
    """
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    assigned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return defined | assigned | set(dir(__builtins__)) | {"Any"}


@pytest.mark.parametrize("module", sorted(module for module in MODULES if isWithin(module, PURE)))
def test_pure(module: str) -> None:
    """What is pure imports neither Twisted nor Autobahn, and doesn't ask what time it is."""
    packages = {name.partition(".")[0] for name in outside(module)}
    assert packages & {"autobahn", "idna", "jwt", "twisted", "txaio"} == set()
    assert packages & IMPURE == set()


def test_pureModulesAreThere() -> None:
    """Each name among the pure is one of a folder or a module."""
    assert [part for part in PURE if not any(isWithin(module, (part,)) for module in MODULES)] == []


@pytest.mark.parametrize("module", sorted(module for module in MODULES if isWithin(module, BELOW_SOCKETS)))
def test_noSockets(module: str) -> None:
    """Up to the hub there are Deferreds, services and loggers; no sockets, threads of Twisted's, or the global reactor."""
    ofTwisted = {name for name in outside(module) if name.startswith("twisted.")}
    assert {name for name in ofTwisted if not {name, name.rpartition(".")[0]} & TWISTED} == set()
    assert {name.partition(".")[0] for name in outside(module)} & {"select", "socket", "ssl", "txaio"} == set()


@pytest.mark.parametrize("module", sorted(MODULES.keys() - TOP))
def test_outside(module: str) -> None:
    """Each package of others is imported where it belongs only."""
    for name in outside(module):
        package = name.partition(".")[0]
        if package == "twisted" or package in sys.stdlib_module_names:
            continue
        assert package in OUTSIDE, f"say in OUTSIDE which parts may import {package}"
        assert module.partition(".")[0] in OUTSIDE[package]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_noReactorAtTheTop(module: str) -> None:
    """Importing a module installs no reactor."""
    for node in ast.parse(MODULES[module].read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module == "twisted.internet":
            assert "reactor" not in [alias.name for alias in node.names]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_clocks(module: str) -> None:
    """What takes time is given a clock, not a function that gives one, and asks nothing else for the time."""
    asked = {name for name in outside(module) if name.partition(".")[0] == "time"}
    assert bool(asked) == (module in CLOCKS)
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        for annotation in annotations(node):
            if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Callable":
                given = ast.unparse(annotation).rpartition(",")[2]
                assert not re.search(r"\b(IReactorTime|LateClock|Patience)\b", given), f"line {node.lineno}"


def test_theTopDefinesNothing() -> None:
    """The package itself gives its public names and defines nothing but its version."""
    body = ast.parse((PACKAGE / "__init__.py").read_text()).body
    assigned = [node for node in body if isinstance(node, ast.Assign)]
    targets = [ast.unparse(target) for node in assigned for target in node.targets]
    assert targets == ["__all__", "__version__"]
    assert all(isinstance(node, ast.Import | ast.ImportFrom | ast.Expr | ast.Assign) for node in body)
