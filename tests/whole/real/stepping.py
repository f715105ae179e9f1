"""
Runs twistd with a wall clock that can step: C{python -m tests.whole.real.stepping OFFSETFILE ARGUMENTS OF TWISTD}.

The file holds the offset of the clock in seconds, as a number in eight bytes, which may change at any time.
"""

import mmap
import struct
import sys
import time
from pathlib import Path

_NUMBER = struct.Struct("d")


def write(path: Path, seconds: float) -> None:
    """
    Step the clock.
    """
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.write(_NUMBER.pack(seconds))


def _main() -> None:
    with open(sys.argv[1], "rb") as file:
        offset = mmap.mmap(file.fileno(), _NUMBER.size, access=mmap.ACCESS_READ)
    right = time.time
    # Before Twisted imports it.
    time.time = lambda: right() + _NUMBER.unpack(offset[:])[0]
    sys.argv = ["twistd", *sys.argv[2:]]
    from twisted.scripts.twistd import run

    run()


if __name__ == "__main__":
    _main()
