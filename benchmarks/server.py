"""
A server as a process of its own, kept on one core, for as long as it is measured; what it serves, it isn't told.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, socket
from tempfile import TemporaryFile
from time import monotonic, sleep

from benchmarks.machine import pin

ROOT = Path(__file__).parent.parent

#: How long a server may take to begin, and to end.
PATIENCE = 30.0


class Broken(Exception):
    """
    A server didn't begin, or didn't do what it should; the message has what it printed.
    """


def freePort() -> int:
    """
    Find a port that nobody listens on.
    """
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(command: list[str], port: int, core: int, log: Path | None = None) -> Iterator[int]:
    """
    Run a server meanwhile.

    @param command: its command line; the environment variable PORT names the port to it
    @param log: the file that has what it prints; without one that is told only where it breaks
    @return: its process id
    @raise Broken: where it doesn't begin to listen
    """
    with TemporaryFile("w+") if log is None else log.open("w+") as output:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PORT": str(port)},
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: pin(core),
        )
        try:
            _waitUntilItListens(server, port)
            yield server.pid
        except Exception as error:
            output.seek(0)
            raise Broken(f"{' '.join(command)}: {error}\n{output.read()[-4000:]}") from error
        finally:
            _stop(server)


def _waitUntilItListens(server: subprocess.Popen[bytes], port: int) -> None:
    end = monotonic() + PATIENCE
    while monotonic() < end:
        if server.poll() is not None:
            break
        try:
            create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            sleep(0.02)
    raise TimeoutError(f"it doesn't listen on {port}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    # All peers have gone by now, and what the server still wants to do for them isn't measured.
    server.kill()
    server.wait(PATIENCE)
