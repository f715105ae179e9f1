"""
Measures what an event, a delivery and a visit cost, the more are connected.

    python -m benchmarks.growth
"""

import sys
from statistics import median

from benchmarks import commandline, report
from benchmarks.catalogue import GROWTH, SIZES
from benchmarks.rounds import takeSamples
from benchmarks.table import growthTable
from benchmarks.works import part


def main(words: list[str]) -> None:
    """
    Measure ours, at every size in turn.
    """
    chosen = commandline.parser("benchmarks.growth", main.__doc__ or "", rounds=3, seconds=3).parse_args(words)
    costs: dict[str, list[float]] = {}
    for title, works in GROWTH.items():
        print(title, file=sys.stderr)
        samples = takeSamples([(work, "ratchet") for work in works], commandline.pace(chosen))
        costs[title] = [median(sample.microseconds for sample in samples[work, "ratchet"]) for work in works]
    about = report.about(words, ["ratchet"], "benchmarks.growth")
    sizes = [part(size, chosen.scale) for size in SIZES]
    print(report.describe(about))
    print(growthTable(sizes, costs))
    if chosen.docs:
        report.saveGrowth(about, sizes, costs)


if __name__ == "__main__":
    commandline.run(main)
