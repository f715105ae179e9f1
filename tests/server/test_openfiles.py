"""
How many files the process may have open.
"""

import subprocess
import sys

PROGRAM = """
import resource, sys
from twisted.logger import globalLogPublisher, eventAsText
from ratchet_tx.server.openfiles import raiseOpenFiles
globalLogPublisher.addObserver(lambda event: print(eventAsText(event, includeTimestamp=False, includeSystem=False)))
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 500))
raiseOpenFiles(int(sys.argv[1]))
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def run(connections: int) -> list[str]:
    """
    Raise the limit of a process of its own, which may have 500 files open.
    """
    command = [sys.executable, "-c", PROGRAM, str(connections)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_raised() -> None:
    """The limit is raised as far as it may be."""
    assert run(400) == ["500 500"]


def test_tooFew() -> None:
    """Where that is too little for the connections that there may be, the log says what to do."""
    warning, limit = run(450)
    assert "500 files" in warning
    assert "450 connections" in warning
    assert limit == "500 500"
