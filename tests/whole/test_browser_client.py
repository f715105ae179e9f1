"""
The browser client, by Node's own test runner: alone, and with a real server; its types and sources by TypeScript's compiler.
"""

from pathlib import Path
from shutil import copy

from tests.kit.processes import ROOT, freePort, node, serving, twistd

PROGRAMS = Path(__file__).parent / "programs"


def test_alone() -> None:
    """The browser client does what its documentation says, and is served as its sources give it."""
    modules = sorted(f"tests/{path.name}" for path in (ROOT / "client" / "tests").glob("*.test.js"))
    assert "tests/build.test.js" in modules
    node("--test", *modules)


def test_withAServer(tmp_path: Path) -> None:
    """The browser client, and a client of Node's ws that knows the JSON only, talk with a server."""
    copy(PROGRAMS / "served.py", tmp_path / "served.py")
    port = freePort()
    words = twistd("-n", "--pidfile=", "ratchet", "--port", str(port), "--application", "served.register")
    with serving(words, port, tmp_path) as server:
        node("--test", "tests/whole/server.test.js", RATCHET_URL=server.socketUrl + "/")


def test_types() -> None:
    """The browser client's types fit a page in TypeScript that uses all of it, and refuse what would be a mistake."""
    node("node_modules/typescript/bin/tsc", "--project", "tsconfig.json")


def test_sources() -> None:
    """No module of the browser client uses a name that it neither has nor imports: in the one script it would find it."""
    node("node_modules/typescript/bin/tsc", "--project", "src")
