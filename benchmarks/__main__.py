"""
Measures servers side by side, and prints one table.

    python -m benchmarks                                                    (ours, Node ws, Node Socket.IO, picows)
    python -m benchmarks --work echo --servers ratchet,ws --rounds 3 --seconds 2
"""

import sys

from benchmarks import commandline, report
from benchmarks.catalogue import TABLE, WORKS
from benchmarks.rounds import Pace, takeSamples
from benchmarks.servers import FEW, KINDS
from benchmarks.table import HEADS, Row, cells, makeRow, simpleTable


def measure(work: str, servers: list[str], pace: Pace) -> list[Row]:
    """
    Measure a work on all servers, for the table.
    """
    samples = takeSamples([(work, server) for server in servers], pace)
    title, ours = WORKS[work].scaled(pace.scale).title, samples.get((work, "ratchet"), [])
    return [makeRow(title, KINDS[server].title, samples[work, server], ours) for server in servers]


def main(words: list[str]) -> None:
    """
    Measure what the command line asks for.
    """
    parser = commandline.parser("benchmarks", "Measures servers side by side.", rounds=3, seconds=3)
    parser.add_argument(
        "--work",
        type=commandline.works,
        default=list(TABLE),
        help=f"names, or how they begin, of: {', '.join(WORKS)}; by default {', '.join(TABLE)}",
    )
    parser.add_argument(
        "--servers",
        type=commandline.servers,
        default=list(FEW),
        help=f"all, or names of: {', '.join(KINDS)}; by default {', '.join(FEW)}",
    )
    chosen = parser.parse_args(words)
    rows: list[Row] = []
    for number, work in enumerate(chosen.work, 1):
        print(f"{number} of {len(chosen.work)}: {work}", file=sys.stderr)
        rows += measure(work, chosen.servers, commandline.pace(chosen))
    about = report.about(words, chosen.servers)
    print(report.describe(about))
    print(simpleTable(HEADS, [cells(row) for row in rows]))
    if chosen.docs:
        report.saveTable(about, rows)


if __name__ == "__main__":
    commandline.run(main)
