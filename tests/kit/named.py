"""
Finds the tests that documents name, in any folder.
"""

import ast
from functools import cache
from pathlib import Path

from tests.kit.processes import ROOT
from tests.kit.vector import FOLDER


@cache
def _modules() -> dict[str, list[Path]]:
    """
    Find test modules by their names; several folders have a C{conftest}.
    """
    tests = ROOT / "tests"
    folders = [tests, *(path.parent for path in tests.glob("*/**/__init__.py") if "node_modules" not in path.parts)]
    modules: dict[str, list[Path]] = {}
    for path in (path for folder in folders for path in folder.glob("*.py")):
        modules.setdefault(path.stem, []).append(path)
    return modules


def namesIn(module: str) -> set[str]:
    """
    Name all classes and functions of the modules with this name, nested ones too.
    """
    return {name for path in _modules().get(module, ()) for name in _defined(path)}


@cache
def _defined(path: Path) -> set[str]:
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kinds)}


def isThere(name: str) -> bool:
    """
    Say whether a named test exists: C{test_hub}, C{test_incoming::TestOrder::test_inOrder}, or C{vectors/login}.
    """
    if name.startswith("vectors/"):
        return (FOLDER / f"{name.removeprefix('vectors/')}.json").is_file()
    module, *within = name.split("::")
    return any(set(within) <= _defined(path) for path in _modules().get(module, ()))
