"""
The browser client, by Node's own test runner: alone, and with a real server.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.processes import PATIENCE, ROOT, freePort, serving, twistd

FOLDER = ROOT / "tests" / "js"

ECHO = """
from ratchet_tx import on

class Echo:
    @on("echo")
    def echo(self, event):
        event.connection.emit("echo", event.payload.data)
"""


def node(*words: str, **environment: str) -> None:
    """
    Run a script of Node's, and show what it says if it fails.
    """
    command = shutil.which("node")
    if command is None:
        pytest.skip("Node is not installed, so the browser client's own tests can't run: install nodejs and npm.")
    if not (FOLDER / "node_modules" / "ws").is_dir():
        pytest.skip("Node's package ws is not installed: run npm install in tests/js.")
    ended = subprocess.run(
        [command, *words],
        cwd=FOLDER,
        env={**os.environ, "NODE_PATH": str(FOLDER / "node_modules"), **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE * 3,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_alone() -> None:
    """The browser client does what its documentation says."""
    node("--test", "ratchet.test.js")


def test_withAServer(tmp_path: Path) -> None:
    """The browser client, and a client of Node's ws that knows the JSON only, log in and talk with a server."""
    (tmp_path / "echoing.py").write_text(ECHO)
    port = freePort()
    words = twistd("-n", "--pidfile=", "ratchet", "--port", str(port), "--application", "echoing.Echo")
    with serving(words, port, tmp_path) as server:
        node("--test", "server.test.js", RATCHET_URL=server.socketUrl + "/")
