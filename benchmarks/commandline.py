"""
What the commands of this package have in common on their command lines.
"""

import argparse
import sys
from collections.abc import Callable

from benchmarks.catalogue import WORKS
from benchmarks.machine import raiseOpenFiles
from benchmarks.rounds import Pace
from benchmarks.server import Broken
from benchmarks.servers import KINDS


def parser(module: str, description: str, rounds: int, seconds: float) -> argparse.ArgumentParser:
    """
    Make a parser with what all have: how thoroughly it is measured, and what becomes of the result.

    @param module: which one is run by C{python -m}
    @param rounds: how often each is measured by default
    @param seconds: for how long, by default
    """
    made = argparse.ArgumentParser(f"python -m {module}", description=description)
    made.add_argument("--rounds", type=int, default=rounds, help=f"how often each is measured; by default {rounds}")
    made.add_argument(
        "--seconds", type=float, default=seconds, help=f"for how long each time, by default {seconds:g}; half more warms up"
    )
    made.add_argument("--scale", type=float, default=1.0, help="which part of the peers, to try something out: 0.1")
    made.add_argument(
        "--ratchet-option",
        action="append",
        default=[],
        metavar="WORD",
        help="a further word for twistd ratchet, such as --ratchet-option=--verbose; may be repeated",
    )
    made.add_argument("--docs", action="store_true", help="write the result into docs/, too")
    return made


def pace(chosen: argparse.Namespace) -> Pace:
    """
    Make the pace that was chosen.
    """
    return Pace(chosen.rounds, chosen.seconds, chosen.scale, tuple(chosen.ratchet_option))


def works(text: str) -> list[str]:
    """
    Find the works that are named, by their names or by how these begin: C{echo} names all echoes.

    @raise argparse.ArgumentTypeError: for a name that names none
    """
    found: dict[str, None] = {}
    for name in text.split(","):
        these = [name] if name in WORKS else [work for work in WORKS if work.startswith(f"{name}-")]
        if not these:
            raise argparse.ArgumentTypeError(f"there is no work {name!r}; there are {', '.join(WORKS)}")
        found |= dict.fromkeys(these)
    return list(found)


def servers(text: str) -> list[str]:
    """
    Find the servers that are named; C{all} names all.

    @raise argparse.ArgumentTypeError: for one that isn't there
    """
    if text == "all":
        return list(KINDS)
    for name in text.split(","):
        if name not in KINDS:
            raise argparse.ArgumentTypeError(f"there is no server {name!r}; there are {', '.join(KINDS)}")
    return text.split(",")


def run(main: Callable[[list[str]], None]) -> None:
    """
    Run a command.
    """
    raiseOpenFiles()
    try:
        main(sys.argv[1:])
    except Broken as error:
        sys.exit(f"benchmarks: {error}")
