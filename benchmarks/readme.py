"""
The README's table: the figure that most people ask for, of the works that they know; all others are on the page.
"""

from collections.abc import Sequence

from benchmarks.server import ROOT
from benchmarks.table import Row, cost, simpleTable

README = ROOT / "README.rst"

#: What the part is between, in the README.
BEGIN, END = ".. begin: written by make benchmark-docs\n\n", "\n\n.. end\n"

#: The works that stand in it, by their titles.
WORKS = (
    "echo, 50 peers, 1 in flight, 64 B",
    "echo, 50 peers, 16 in flight, 64 B",
    "echo, 50 peers, 1 in flight, 4 KiB",
    "fan-out to 1,000",
    "8 shouts at once to 1,000",
    "connect, log in, close; 16 at once",
    "10,000 connected, logged in, idle",
)


def part(rows: Sequence[Row], how: str) -> str:
    """
    Write the part of the README.

    @param rows: those of the page's table
    @param how: the paragraph that says how they were measured
    """
    servers = list(dict.fromkeys(row.server for row in rows))
    costs = {(row.work, row.server): f"{cost(row):,.1f}" for row in rows}
    measured = [title for title in WORKS if any(row.work == title for row in rows)]
    lines = [[title, *(costs[title, server] for server in servers)] for title in measured]
    return f"{simpleTable(('work', *servers), lines)}\n\n{how}"


def save(rows: Sequence[Row], how: str) -> None:
    """
    Write the part into the README.

    Arguments are those of L{part}.
    """
    text = README.read_text()
    start = text.index(BEGIN) + len(BEGIN)
    README.write_text(text[:start] + part(rows, how) + text[text.index(END, start) :])
