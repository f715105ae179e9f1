"""
The browser client's own tests, by Node's test runner: alone and with a real server; its types and sources by TypeScript's
compiler.
"""

from pathlib import Path
from shutil import copy

from tests.kit.processes import ROOT, freePort, node, serving, twistd

PROGRAMS = Path(__file__).parent / "programs"


def test_alone() -> None:
    """The browser client does what its documentation says, and the served file is made of its sources."""
    modules = sorted(f"tests/{path.name}" for path in (ROOT / "client" / "tests").glob("*.test.js"))
    assert "tests/build.test.js" in modules
    node("--test", *modules)


def test_withAServer(tmp_path: Path) -> None:
    """The browser client, and a Node client with only ws and JSON, talk with a server."""
    copy(PROGRAMS / "served.py", tmp_path / "served.py")
    port = freePort()
    words = twistd("-n", "--pidfile=", "ratchet", "--port", str(port), "--application", "served.register")
    with serving(words, port, tmp_path) as server:
        node("--test", "tests/whole/server.test.js", RATCHET_URL=server.socketUrl + "/")


def test_types() -> None:
    """The types accept a TypeScript page that uses all of the client, and refuse mistakes."""
    node("node_modules/typescript/bin/tsc", "--project", "tsconfig.json")


def test_sources() -> None:
    """Each module of the browser client imports the names that it uses; in the single script they would be found anyway."""
    node("node_modules/typescript/bin/tsc", "--project", "src")
