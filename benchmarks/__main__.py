"""
Measures servers side by side, and prints one table.

    python -m benchmarks                                                    (ours, Node ws, Node Socket.IO, picows)
    python -m benchmarks --work echo --servers ratchet,ws --rounds 3 --seconds 2
"""

import argparse
import json
import subprocess
import sys

from benchmarks.catalogue import WORKS
from benchmarks.machine import cores, describe, pin, raiseOpenFiles
from benchmarks.meter import Sample
from benchmarks.server import ROOT, Broken, freePort, serving
from benchmarks.servers import FEW, KINDS, ratchet
from benchmarks.table import HEADS, Row, cells, row, simpleTable


def sample(work: str, server: str, seconds: float, scale: float, options: tuple[str, ...]) -> Sample:
    """
    Have a fresh server do a work once.

    @param scale: which part of the peers
    @param options: further words for ours
    @raise Broken: where it doesn't
    """
    port, kind = freePort(), KINDS[server]
    serverCore, loadCore = cores()
    command = ratchet(port, WORKS[work].limits, options) if server == "ratchet" else kind.command(port)
    with serving(command, port, serverCore) as pid:
        words = [work, kind.dialect, str(port), str(pid), str(seconds), str(scale)]
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


def measure(work: str, chosen: argparse.Namespace) -> list[Row]:
    """
    Have all servers do a work in turn, round for round.
    """
    samples: dict[str, list[Sample]] = {server: [] for server in chosen.servers}
    for _ in range(chosen.rounds):
        for server in chosen.servers:
            samples[server].append(sample(work, server, chosen.seconds, chosen.scale, tuple(chosen.ratchet_option)))
    title, ours = WORKS[work].title, samples.get("ratchet", [])
    return [row(title, KINDS[server].title, samples[server], ours) for server in chosen.servers]


def worksNamed(text: str) -> list[str]:
    """
    Find the works that are named, by their names or by how these begin: C{echo} names all echoes.

    @raise ValueError: for a name that names none
    """
    found: dict[str, None] = {}
    for name in text.split(","):
        these = [name] if name in WORKS else [work for work in WORKS if work.startswith(f"{name}-")]
        if not these:
            raise ValueError(f"there is no work {name!r}; there are {', '.join(WORKS)}")
        found |= dict.fromkeys(these)
    return list(found)


def serversNamed(text: str) -> list[str]:
    """
    Find the servers that are named.

    @raise ValueError: for one that isn't there
    """
    for name in text.split(","):
        if name not in KINDS:
            raise ValueError(f"there is no server {name!r}; there are {', '.join(KINDS)}")
    return text.split(",")


def options() -> argparse.ArgumentParser:
    """
    Say what may stand on the command line.
    """
    parser = argparse.ArgumentParser("python -m benchmarks", description="Measures servers side by side.")
    parser.add_argument("--work", default=",".join(WORKS), help="names of works, or how they begin; by default all")
    parser.add_argument("--servers", default=",".join(FEW), help=f"of {', '.join(KINDS)}; by default {', '.join(FEW)}")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured, in turn; medians are shown")
    parser.add_argument("--seconds", type=float, default=3.0, help="for how long each time; half of that warms up")
    parser.add_argument("--scale", type=float, default=1.0, help="which part of the peers, to try something out")
    parser.add_argument("--ratchet-option", action="append", default=[], metavar="WORD", help="for twistd ratchet")
    return parser


def main(words: list[str]) -> None:
    """
    Measure what the command line asks for.
    """
    parser = options()
    chosen = parser.parse_args(words)
    try:
        chosen.work, chosen.servers = worksNamed(chosen.work), serversNamed(chosen.servers)
    except ValueError as error:
        parser.error(str(error))
    raiseOpenFiles()
    print(describe())
    rows: list[Row] = []
    for work in chosen.work:
        for each in measure(work, chosen):
            print(" | ".join(cells(each)), file=sys.stderr)
            rows.append(each)
    print(simpleTable(HEADS, [cells(each) for each in rows]))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Broken as error:
        sys.exit(f"benchmarks: {error}")
