"""
The server as a process: signals, exit status, pid file.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from os import kill
from pathlib import Path
from shutil import copy
from signal import SIGINT, SIGKILL, SIGTERM
from socket import socket
from time import monotonic, sleep
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.kit.ends import fetch
from tests.kit.processes import PATIENCE, Server, freePort, run, serving, twistd

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy(PROGRAMS / "slow.py", tmp_path / "mine.py")
    return tmp_path


@pytest.mark.parametrize("number", [SIGTERM, SIGINT])
def test_draining(folder: Path, number: int) -> None:
    """A signal drains the server: handlers finish, and it exits with 0."""
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
    assert "Drain started: peers=2" in output
    assert "Traceback" not in output


def test_overdue(folder: Path) -> None:
    """What hasn't ended after drainSeconds is dropped, and the process exits with 1."""
    with slow(folder, "--limit", "drainSeconds=0.5") as server, connect(server.socketUrl) as peer:
        peer.send('{"event":"slow","data":1000,"id":1}')
        peer.send('{"event":"socket.ping","id":2}')
        peer.recv(timeout=20)
        output = server.stop()
    assert server.code == 1
    assert "Stopping took longer than 0.5 s" in output


def test_secondSignal(folder: Path) -> None:
    """A second signal ends the process at once, with 1."""
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
    assert "Second signal received" in output


def daemon(*words: str) -> list[str]:
    return twistd("--pidfile=twistd.pid", "--logfile=twistd.log", "ratchet", "--address", "127.0.0.1", *words)


def test_pidFile(folder: Path) -> None:
    """A daemon that exits with 1 after drainSeconds leaves no pid file."""
    port = freePort()
    words = ("--port", str(port), "--application", "mine.Echo", "--limit", "drainSeconds=0.5")
    ended = run(daemon(*words), folder)
    assert ended.returncode == 0, ended.stderr
    pidFile = folder / "twistd.pid"
    pid = int(pidFile.read_text())
    try:
        with connect(f"ws://127.0.0.1:{port}") as peer:
            peer.send('{"event":"slow","data":1000,"id":1}')
            peer.send('{"event":"socket.ping","id":2}')
            peer.recv(timeout=20)
            kill(pid, SIGTERM)
            late = monotonic() + PATIENCE
            while pidFile.exists() and monotonic() < late:
                sleep(0.02)
        assert not pidFile.exists()
        assert "Stopping took longer than 0.5 s" in (folder / "twistd.log").read_text()
    finally:
        if pidFile.exists():
            kill(pid, SIGKILL)


def test_daemonThatCantListen(folder: Path) -> None:
    """A daemon whose port is in use says so on the terminal, exits with 1, and leaves no pid file."""
    with socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ended = run(daemon("--port", str(other.getsockname()[1])), folder)
    assert ended.returncode == 1
    assert "can't listen on 127.0.0.1:" in ended.stderr
    assert not (folder / "twistd.pid").exists()
    # The parent gets the error before the daemon has written its last lines.
    late = monotonic() + PATIENCE
    while "Address already in use" not in (log := (folder / "twistd.log").read_text()):
        assert monotonic() < late, log
        sleep(0.02)
    assert "Traceback" not in log


def test_adminToken(folder: Path) -> None:
    """Another program publishes with the token in a file, which SIGHUP reloads; the public port has no admin endpoint."""
    token, admin = folder / "token", freePort()
    token.write_text("planted-7f3a91-old\n")
    token.chmod(0o600)
    words = ("--admin-listen", str(admin), "--admin-token-file", "token")
    with slow(folder, *words) as server, connect(server.socketUrl) as peer:
        assert published(admin, "planted-7f3a91-old", "item", 1) == 200
        assert json.loads(peer.recv(timeout=20)) == {"event": "item", "data": 1}
        token.write_text("planted-7f3a91-new\n")
        server.hangUp()
        while published(admin, "planted-7f3a91-new", "item", 2) != 200:
            pass
        assert json.loads(peer.recv(timeout=20))["data"] == 2
        assert published(admin, "planted-7f3a91-old", "item", 3) == 401
        assert fetch(f"http://127.0.0.1:{admin}/readyz")[0] == 200
        assert fetch(f"{server.url}/api/publish")[0] == 404
        output = server.stop()
    assert "The admin token was reloaded" in output
    assert 'Event published: address=127.0.0.1 event="item" to=everyone' in output


def published(port: int, token: str, event: str, data: Any) -> int:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = json.dumps({"event": event, "data": data}).encode()
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}/api/publish", body, headers), timeout=20) as response:
            status: int = response.status
            return status
    except HTTPError as error:
        with error:
            return error.code


@contextmanager
def slow(folder: Path, *words: str) -> Iterator[Server]:
    port = freePort()
    command = twistd("-n", "--pidfile=", "ratchet", "--port", str(port), "--application", "mine.Echo", *words)
    with serving(command, port, folder) as server:
        yield server


def test_garbage(folder: Path) -> None:
    """Objects that exist at start are excluded from garbage collection."""
    with slow(folder) as server, connect(server.socketUrl) as peer:
        peer.send('{"event":"frozen","id":1}')
        assert json.loads(peer.recv(timeout=20))["data"]["result"] > 10_000
        server.stop()


def raiseTo(connections: int) -> list[str]:
    """
    Run C{raiseOpenFiles} in a process that may have 500 files open.
    """
    command = [sys.executable, str(PROGRAMS / "openfiles.py"), str(connections)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_raised() -> None:
    """The limit is raised as far as the system allows."""
    assert raiseTo(400) == ["500 500"]


def test_tooFew() -> None:
    """Where that is too low for the limit of connections, a warning says what to do."""
    warning, limit = raiseTo(450)
    assert "500 files" in warning
    assert "450 connections" in warning
    assert limit == "500 500"
