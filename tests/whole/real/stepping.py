"""
Starts twistd under a wall clock that can be stepped: C{python -m tests.whole.real.stepping OFFSETFILE WORDS OF TWISTD'S}.

The file holds by how many seconds the clock is wrong, as a number in eight bytes, which may be changed meanwhile.
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
    # Before anything of Twisted's takes it.
    time.time = lambda: right() + _NUMBER.unpack(offset[:])[0]
    sys.argv = ["twistd", *sys.argv[2:]]
    from twisted.scripts.twistd import run

    run()


if __name__ == "__main__":
    _main()
