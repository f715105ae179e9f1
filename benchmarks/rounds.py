"""
Has servers do works, in turn and round for round, each time in a fresh process beside a fresh load; what becomes of the
samples, it doesn't know.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.catalogue import WORKS
from benchmarks.machine import cores, pin
from benchmarks.meter import Sample
from benchmarks.server import ROOT, Broken, freePort, serving
from benchmarks.servers import KINDS, ratchet


class Pace(NamedTuple):
    """
    How thoroughly it is measured.

    @ivar rounds: how often each work is done on each server
    @ivar seconds: for how long each time
    @ivar scale: by which part of the peers
    @ivar options: further words for C{twistd ratchet}
    """

    rounds: int
    seconds: float
    scale: float = 1.0
    options: tuple[str, ...] = ()


def takeSamples(pairs: Sequence[tuple[str, str]], pace: Pace) -> dict[tuple[str, str], list[Sample]]:
    """
    Take samples of works on servers.

    @param pairs: the work's name and the server's; a round goes through all of them, for what disturbs the machine meanwhile
        then disturbs all alike
    @raise Broken: where a server doesn't do its work
    """
    samples: dict[tuple[str, str], list[Sample]] = {pair: [] for pair in pairs}
    for _ in range(pace.rounds):
        for work, server in pairs:
            samples[work, server].append(_sample(work, server, pace))
    return samples


def _sample(work: str, server: str, pace: Pace) -> Sample:
    port, kind = freePort(), KINDS[server]
    serverCore, loadCore = cores()
    limits = WORKS[work].scaled(pace.scale).limits
    command = ratchet(port, limits, pace.options) if server == "ratchet" else kind.command(port)
    with serving(command, port, serverCore) as pid:
        words = [work, kind.dialect, str(port), str(pid), str(pace.seconds), str(pace.scale)]
        load = subprocess.run(
            [sys.executable, "-m", "benchmarks.load", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            preexec_fn=lambda: pin(loadCore),
            check=False,
        )
        if load.returncode:
            raise Broken(f"{work}: {load.stderr[-2000:]}")
    return Sample(**json.loads(load.stdout))
