"""
The rooms of the house: imports point downwards only, and without a circle.
"""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "ratchet_tx"

#: The layer of each module; a new one has to be put here by somebody who thinks about it.
LAYERS = {
    0: ["errors", "interfaces"],
    1: [
        "backlog",
        "counters",
        "datatypes",
        "epochs",
        "event",
        "frames",
        "happenings",
        "marks",
        "messages",
        "forwarded",
        "handshake",
        "head",
        "history",
        "holds",
        "hosts",
        "ledger",
        "life",
        "addresses",
        "asyncapi",
        "eventtypes",
        "limits",
        "logbudget",
        "lookups",
        "spare",
        "origin",
        "past",
        "payload",
        "policies",
        "printable",
        "provided",
        "refusals",
        "replay",
        "replies",
        "request",
        "rooms",
        "roster",
        "salvage",
        "sayable",
        "settings",
        "typescript",
        "utf8",
        "wanted",
    ],
    2: [
        "answers",
        "applications",
        "audience",
        "backplane",
        "backplane.memory",
        "clients",
        "clock",
        "connection",
        "control",
        "coroutines",
        "credentials",
        "delivery",
        "dispatch",
        "expiry",
        "guard",
        "guesses",
        "handlers",
        "hub",
        "inbox",
        "journal",
        "keys",
        "login",
        "observers",
        "once",
        "ongoing",
        "outside",
        "ownthread",
        "peerlog",
        "published",
        "stopping",
        "timeouts",
        "pages",
        "permission",
        "presence",
        "registered",
        "relief",
        "rosters",
        "stopping",
        "subscribing",
        "timers",
        "webtokens",
    ],
    3: [
        "__main__",
        "alpn",
        "acknowledged",
        "batch",
        "auth",
        "bearer",
        "certificate",
        "closing",
        "direct",
        "door",
        "lean",
        "masks",
        "describe",
        "dotted",
        "loopback",
        "openfiles",
        "outlet",
        "pace",
        "poller",
        "process",
        "proxyline",
        "renewable",
        "service",
        "tap",
        "turns",
        "visits",
        "web",
        "web.admin",
        "web.asker",
        "web.files",
        "web.forms",
        "web.health",
        "web.macro",
        "web.publishing",
        "web.resource",
        "web.site",
        "websocket",
    ],
}

LAYER = {module: layer for layer, modules in LAYERS.items() for module in modules}

#: What of Twisted the second layer may use: nothing that has to do with sockets, nor the reactor itself.
SECOND_LAYERS = {
    "twisted.application.service",
    "twisted.cred.checkers",
    "twisted.cred.credentials",
    "twisted.cred.error",
    "twisted.internet",
    # For its DelayedCall, which knows no reactor.
    "twisted.internet.base",
    "twisted.internet.defer",
    "twisted.internet.interfaces",
    "twisted.internet.task",
    "twisted.logger",
    "twisted.python.failure",
    "twisted.python.threadable",
}


def modules() -> list[str]:
    paths = sorted(PACKAGE.rglob("*.py"))
    names = [
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".") for path in paths
    ]
    return [name for name in names if name]


def source(module: str) -> Path:
    path = PACKAGE.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports(module: str) -> list[tuple[str, list[str]]]:
    """
    Name what a module imports, wherever in it: each module with the names taken from it.
    """
    found: list[tuple[str, list[str]]] = []
    for node in ast.walk(ast.parse(source(module).read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, []) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            found.append((node.module or "", [alias.name for alias in node.names]))
    return found


def own(module: str) -> set[str]:
    """
    Name the modules of ours that a module imports.
    """
    found = set()
    for imported, names in imports(module):
        if imported == "ratchet_tx":
            found |= {name for name in names if name in LAYER}
        elif imported.startswith("ratchet_tx."):
            found.add(imported.removeprefix("ratchet_tx."))
    return found


def test_everyModuleHasALayer() -> None:
    """Every module has a place in the house, and every place its module."""
    assert modules() == sorted(LAYER)


@pytest.mark.parametrize("module", sorted(LAYER))
def test_importsPointDown(module: str) -> None:
    """A module imports from its own layer and those below."""
    above = {imported for imported in own(module) if LAYER[imported] > LAYER[module]}
    assert not above


def test_noCircles() -> None:
    """No module imports itself by way of others."""
    TopologicalSorter({module: own(module) for module in LAYER}).prepare()


@pytest.mark.parametrize("module", LAYERS[0] + LAYERS[1])
def test_pureModules(module: str) -> None:
    """The layers 0 and 1 know neither Twisted nor Autobahn, nor what time it is."""
    for imported, _ in imports(module):
        assert imported.partition(".")[0] not in ("twisted", "autobahn", "txaio", "asyncio", "socket", "time")


@pytest.mark.parametrize("module", LAYERS[2])
def test_secondLayer(module: str) -> None:
    """The layer 2 may use Deferreds, services and the logger; never a socket, Autobahn, or the global reactor."""
    for imported, names in imports(module):
        assert imported.partition(".")[0] not in ("autobahn", "txaio", "socket")
        if imported.startswith("twisted"):
            assert imported in SECOND_LAYERS
        if imported == "twisted.internet":
            assert "reactor" not in names


@pytest.mark.parametrize("module", sorted(LAYER))
def test_noReactorAtTheTop(module: str) -> None:
    """Importing a module installs no reactor."""
    for node in ast.parse(source(module).read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module == "twisted.internet":
            assert "reactor" not in [alias.name for alias in node.names]


def test_theTopDefinesNothing() -> None:
    """The package itself gives its public names and defines nothing but its version."""
    body = ast.parse((PACKAGE / "__init__.py").read_text()).body
    defined = [node for node in body if not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)]
    targets = [target.id for node in defined for target in node.targets]  # type: ignore[attr-defined]
    assert targets == ["__all__", "__version__"]
