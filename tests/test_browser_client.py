"""
The browser client, by Node's own test runner: alone, and with a real server.
"""

from pathlib import Path

from tests.processes import freePort, node, serving, twistd

ECHO = """
from ratchet_tx import on

class Echo:
    @on("echo")
    def echo(self, event):
        event.connection.emit("echo", event.payload.data)
"""


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
