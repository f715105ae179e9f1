"""
The server as a process: what an operator's signals do.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, SIGTERM

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.ends import fetch
from tests.processes import Server, freePort, serving, twistd

MODULE = """
from twisted.internet import reactor
from twisted.internet.task import deferLater
from ratchet_tx import on

class Echo:
    @on("slow")
    def slow(self, event):
        return deferLater(reactor, event.payload.data, lambda: "slept")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(MODULE)
    return tmp_path


@pytest.mark.parametrize("number", [SIGTERM, SIGINT])
def test_draining(folder: Path, number: int) -> None:
    """At a signal it takes leave: handlers finish, and it exits with 0."""
    with slow(folder) as server, connect(server.socketUrl) as peer, connect(server.socketUrl) as second:
        peer.send('{"event":"slow","data":0.5,"id":1}')
        second.send('{"event":"socket.auth.request","data":{"token":"","v":2}}')
        second.recv(timeout=20)
        server.signal(number)
        assert json.loads(second.recv(timeout=20))["event"] == "socket.bye"
        assert json.loads(peer.recv(timeout=20))["data"]["result"] == "slept"
        for each, code in ((peer, "1001"), (second, "4001")):
            with pytest.raises(ConnectionClosed, match=code):
                each.recv(timeout=20)
        output = server.stop()
    assert server.code == 0
    assert "Taking leave of 2 peers" in output
    assert "Traceback" not in output


def test_overdue(folder: Path) -> None:
    """What hasn't ended at the deadline is dropped, and it exits with 1."""
    with slow(folder, "--limit", "drainSeconds=0.5") as server, connect(server.socketUrl) as peer:
        peer.send('{"event":"slow","data":1000,"id":1}')
        peer.send('{"event":"socket.ping","id":2}')
        peer.recv(timeout=20)
        output = server.stop()
    assert server.code == 1
    assert "Stopping took longer than 0.5 s" in output


def test_secondSignal(folder: Path) -> None:
    """A second signal ends it at once, with 1."""
    with slow(folder) as server, connect(server.socketUrl) as peer:
        peer.send('{"event":"slow","data":1000,"id":1}')
        peer.send('{"event":"socket.ping","id":2}')
        peer.recv(timeout=20)
        server.signal(SIGTERM)
        while fetch(server.url + "/readyz")[0] != 0:
            pass
        server.signal(SIGTERM)
        output = server.stop()
    assert server.code == 1
    assert "A second signal" in output


@contextmanager
def slow(folder: Path, *words: str) -> Iterator[Server]:
    port = freePort()
    command = twistd("-n", "--pidfile=", "ratchet", "--port", str(port), "--application", "mine.Echo", *words)
    with serving(command, port, folder) as server:
        yield server
