"""
Runs servers as processes, like an operator; the code that starts one also ends it.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, socket
from tempfile import TemporaryFile
from time import monotonic, sleep

import pytest

from tests.kit.wire import PLANTED

ROOT = Path(__file__).parents[2]

#: How long any step may take before a test gives up; a working one is far quicker.
PATIENCE = 60.0


def freePort() -> int:
    """
    Find a free port.
    """
    with socket() as probe:
        # On all addresses, because some servers listen on all: another test's connection may use the port on one.
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


def twistd(*words: str) -> list[str]:
    """
    Make a twistd command line for the environment in which the tests run.
    """
    return [str(Path(sys.executable).with_name("twistd")), *words]


class Server:
    """
    A server process on a port.

    @ivar port: the port
    @ivar output: what it printed, after its end
    @ivar code: its exit status, after its end
    @ivar signalled: whether it was sent a signal to end
    """

    def __init__(self, command: list[str], port: int, cwd: Path, descriptors: Sequence[int] = ()) -> None:
        self.port = port
        self.output = ""
        self.code: int | None = None
        self.signalled = False
        environment = {**os.environ, "PORT": str(port), "PYTHONUNBUFFERED": "1"}
        # A file and not a pipe: a full pipe would stop the server, for the test reads it only at the end.
        self._output = TemporaryFile("w+")  # noqa: SIM115 - closed when it is read
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            pass_fds=descriptors,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socketUrl(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def waitUntilItListens(self) -> None:
        """
        Wait until the server accepts connections.
        """
        end = monotonic() + PATIENCE
        while monotonic() < end:
            if self._process.poll() is not None:
                break
            try:
                create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                sleep(0.02)
        self.stop()
        raise AssertionError(f"It doesn't listen on {self.port}:\n{self.output}")

    def terminate(self) -> None:
        """
        Send SIGTERM, like an operator.
        """
        self.signal(signal.SIGTERM)

    def hangUp(self) -> None:
        """
        Send SIGHUP, which reloads files.
        """
        self._process.send_signal(signal.SIGHUP)

    def signal(self, number: int) -> None:
        """
        Send a signal that ends the server.
        """
        self.signalled = True
        self._process.send_signal(number)

    def stop(self) -> str:
        """
        End the server if it still runs, and wait.

        @return: what it printed
        """
        if self.code is None:
            if self._process.poll() is None and not self.signalled:
                self.terminate()
            try:
                self.code = self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self.code = self._process.wait()
                raise AssertionError(f"It didn't end:\n{self._read()}") from None
            self.output = self._read()
            assert PLANTED not in self.output, "a secret is in the log"
        return self.output

    def _read(self) -> str:
        with self._output as output:
            output.seek(0)
            return output.read()


@contextmanager
def serving(
    command: list[str], port: int | None = None, cwd: Path = ROOT, descriptors: Sequence[int] = ()
) -> Iterator[Server]:
    """
    Run a server within a C{with} block.

    @param command: its command line; the environment variable PORT names the port to it
    @param descriptors: the file descriptors that it inherits
    """
    server = Server(command, port or freePort(), cwd, descriptors)
    try:
        server.waitUntilItListens()
        yield server
    finally:
        server.stop()


def run(command: list[str], cwd: Path = ROOT, patience: float = PATIENCE) -> subprocess.CompletedProcess[str]:
    """
    Run a command to its end.
    """
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=patience, check=False)


def node(*words: str, command: str | None = None, **environment: str) -> str:
    """
        Run a Node script in the browser client's folder, to its end.

    @param command: the Node to run; by default the system's
    @param environment: further environment variables
        @return: what it printed
    """
    folder = ROOT / "client"
    command = shutil.which(command or "node")
    if command is None or not all((folder / "node_modules" / package).is_dir() for package in ("ws", "typescript")):
        pytest.skip("Node or a package of its is not installed: install nodejs and npm, and run npm install in client.")
    ended = subprocess.run(
        [command, *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE * 3,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
