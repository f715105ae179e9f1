"""
The table: samples become medians and ratios, and those reStructuredText; how they were taken, it isn't told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from benchmarks.meter import Sample

#: Above this the load itself may be what is measured.
BUSY = 0.9

HEADS = ("work", "server", "events/s", "CPU us", "p50 ms", "p99 ms", "KiB", "load", "ours/its")


@dataclass(frozen=True)
class Row:
    """
    What several rounds of one work on one server gave.

    @ivar work: the work's title
    @ivar server: the server's title
    @ivar rate: events per second; this and the following are medians
    @ivar microseconds: the server's CPU for each event
    @ivar p50: half of the latencies, in milliseconds; 0 where they aren't measured
    @ivar p99: 99 % of them
    @ivar share: how busy the load was, from 0 to 1
    @ivar memory: KiB for each connection; 0 where it isn't measured
    @ivar ratio: our CPU (our memory, where that is measured) to this server's, in the same rounds; 0 without ours
    """

    work: str
    server: str
    rate: float
    microseconds: float
    p50: float
    p99: float
    share: float
    memory: float
    ratio: float


def makeRow(work: str, server: str, samples: Sequence[Sample], ours: Sequence[Sample]) -> Row:
    """
    Make a row of the samples of all rounds.

    @param ours: our server's of the same rounds, in the same order; none where it wasn't measured
    """
    # Of each round and not of the medians: what disturbs a round disturbs both.
    ratios = [cost(our) / cost(their) for our, their in zip(ours, samples, strict=False) if cost(their)]
    return Row(
        work,
        server,
        median(sample.rate for sample in samples),
        median(sample.microseconds for sample in samples),
        median(sample.p50 for sample in samples) * 1000,
        median(sample.p99 for sample in samples) * 1000,
        median(sample.share for sample in samples),
        median(sample.memory for sample in samples) / 1024,
        median(ratios) if ratios else 0.0,
    )


def cost(measured: Sample | Row) -> float:
    """
    Give what a work costs its server: CPU, or memory where that is measured.
    """
    return measured.memory or measured.microseconds


def cells(row: Row) -> tuple[str, ...]:
    """
    Write a row's figures; what isn't measured stays empty, and a load that was too busy is marked.
    """
    idle = bool(row.memory)
    return (
        row.work,
        row.server,
        "" if idle else f"{row.rate:,.0f}",
        "" if idle else f"{row.microseconds:,.1f}",
        f"{row.p50:,.2f}" if row.p50 else "",
        f"{row.p99:,.2f}" if row.p99 else "",
        f"{row.memory:,.1f}" if idle else "",
        f"{row.share:.0%}" + (" (!)" if row.share > BUSY else ""),
        f"{row.ratio:.2f}" if row.ratio else "",
    )


def growthTable(sizes: Sequence[int], costs: Mapping[str, Sequence[float]]) -> str:
    """
    Make the table of what grows.

    @param costs: by what is measured, what it cost at each of the sizes
    """
    heads = ("connected", *(f"{size:,}" for size in sizes), "grows by")
    rows = [(title, *(f"{cost:,.1f}" for cost in row), f"{greatestGrowth(row):.2f}") for title, row in costs.items()]
    return simpleTable(heads, rows)


def greatestGrowth(costs: Sequence[float]) -> float:
    """
    Find the greatest factor by which a cost grows, from any size to any greater one; below 1 it never grows.
    """
    return max(more / less for less, more in combinations(costs, 2))


def simpleTable(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """
    Make a simple table of reStructuredText.

    @param rows: their cells; a first one that is the same as that of the row above is said once
    """
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    rule = "  ".join("=" * width for width in widths)
    lines = [rule, _line(heads, widths), rule]
    before = ""
    for each in rows:
        # An empty first cell would continue the row above; an escaped blank is an empty text that doesn't.
        lines.append(_line(["\\" if each[0] == before else each[0], *each[1:]], widths))
        before = each[0]
    return "\n".join([*lines, rule])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
