"""
The load, a process of its own: has one server do one work, and prints the sample as JSON.

    python -m benchmarks.load echo-1 plain 8080 4711 2.0 1.0

(the work, the dialect, the port, the server's process, seconds, and which part of the peers)
"""

import gc
import json
import sys
from dataclasses import asdict

import uvloop

from benchmarks.catalogue import WORKS
from benchmarks.dialects import DIALECTS
from benchmarks.meter import Meter, Sample
from benchmarks.peer import Crowd


async def run(work: str, dialect: str, port: int, pid: int, seconds: float, scale: float) -> Sample:
    """
    Do a work.

    @raise Exception: for whatever the server does wrong
    """
    crowd = Crowd(port, DIALECTS[dialect])
    # Thousands of peers would be looked through again and again; nothing here makes circles while it is measured.
    gc.disable()
    return await WORKS[work].scaled(scale).run(crowd, Meter(pid), seconds)


if __name__ == "__main__":
    work, dialect, port, pid, seconds, scale = sys.argv[1:]
    sample = uvloop.run(run(work, dialect, int(port), int(pid), float(seconds), float(scale)))
    print(json.dumps(asdict(sample)))
