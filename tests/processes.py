"""
Servers as processes of their own, as people run them; each is ended by who started it.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, socket
from time import monotonic, sleep

ROOT = Path(__file__).parent.parent

#: How long anything at all may take before a test gives up on it; nothing that works comes near it.
PATIENCE = 60.0


def freePort() -> int:
    """
    Find a port that nobody listens on.
    """
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def twistd(*words: str) -> list[str]:
    """
    Make a command line of twistd's, from the environment in which the tests run.
    """
    return [str(Path(sys.executable).with_name("twistd")), *words]


class Server:
    """
    A process that serves on a port.

    @ivar port: the port
    @ivar output: what it has printed, once it has ended
    @ivar code: its exit status then
    @ivar signalled: whether it has been asked to end
    """

    def __init__(self, command: list[str], port: int, cwd: Path) -> None:
        self.port = port
        self.output = ""
        self.code: int | None = None
        self.signalled = False
        environment = {**os.environ, "PORT": str(port), "PYTHONUNBUFFERED": "1"}
        self._process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socketUrl(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def waitUntilItListens(self) -> None:
        """
        Wait until somebody can connect.
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
        Ask it to end, as an operator does.
        """
        self.signal(signal.SIGTERM)

    def hangUp(self) -> None:
        """
        Tell it to read again what may have changed.
        """
        self._process.send_signal(signal.SIGHUP)

    def signal(self, number: int) -> None:
        """
        Ask it to end, by a signal.
        """
        self.signalled = True
        self._process.send_signal(number)

    def stop(self) -> str:
        """
        Ask it to end, unless that was done, and wait.

        @return: what it printed
        """
        if self.code is None:
            if self._process.poll() is None and not self.signalled:
                self.terminate()
            try:
                self.output, _ = self._process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self.output, _ = self._process.communicate()
                raise AssertionError(f"It didn't end:\n{self.output}") from None
            self.code = self._process.returncode
        return self.output


@contextmanager
def serving(command: list[str], port: int | None = None, cwd: Path = ROOT) -> Iterator[Server]:
    """
    Run a server meanwhile.

    @param command: its command line; the environment variable PORT names the port to it
    """
    server = Server(command, port or freePort(), cwd)
    try:
        server.waitUntilItListens()
        yield server
    finally:
        server.stop()


def run(command: list[str], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """
    Run something that ends by itself.
    """
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE, check=False)
