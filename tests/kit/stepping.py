"""
A server whose time of day the test sets: C{time.time} is replaced before anything calls it.

It runs as a script, with a file of two numbers and twistd's arguments.
"""

import mmap
import struct
import sys
import time
from pathlib import Path


class TimeOfDay:
    """
    The time of day that the test sets.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._set(0, 0)

    def step(self, seconds: float) -> None:
        """
        Differ from the system's time by this many seconds.
        """
        self._set(seconds, 0)

    def freeze(self) -> None:
        """
        Stop the clock.
        """
        self._set(0, time.time())

    def _set(self, offset: float, frozen: float) -> None:
        # In place: the server has mapped the file.
        with self._path.open("r+b" if self._path.exists() else "wb") as file:
            file.write(struct.pack("dd", offset, frozen))


def main() -> None:
    path = sys.argv.pop(1)
    real = time.time
    with Path(path).open("r+b") as file:
        numbers = mmap.mmap(file.fileno(), 16)

    def stepping() -> float:
        offset, frozen = struct.unpack("dd", numbers[:])
        return (frozen or real()) + offset

    time.time = stepping

    from twisted.scripts.twistd import run

    run()


if __name__ == "__main__":
    main()
