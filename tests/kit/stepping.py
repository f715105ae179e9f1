"""
A server whose time of day is the test's: C{time.time} is replaced before anything has asked for it, as if the system's had
been set.

It is run as a script, with a file of two numbers, and the words of twistd.
"""

import mmap
import struct
import sys
import time
from pathlib import Path


class TimeOfDay:
    """
    The test's hand on the clock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._set(0, 0)

    def step(self, seconds: float) -> None:
        """
        Be so many seconds beside the system's.
        """
        self._set(seconds, 0)

    def freeze(self) -> None:
        """
        Stand still.
        """
        self._set(0, time.time())

    def _set(self, offset: float, frozen: float) -> None:
        # In place: the server has it before it.
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
