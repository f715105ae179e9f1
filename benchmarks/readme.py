"""
The README's table: the figure that most people ask for, of the works that they know; all others are on the page.
"""

from collections.abc import Mapping, Sequence
from typing import Any

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


def part(kept: Mapping[str, Any]) -> str:
    """
    Write the part of the README.

    @param kept: the figures, as they are kept for the page
    """
    about, rows = kept["table"]["about"], [Row(**row) for row in kept["table"]["rows"]]
    node = f", Node {about['versions']['Node']}" if "Node" in about["versions"] else ""
    return f"{_table(rows)}\n\n``{about['command']}`` on {about['date']};\n{about['machine']}{node}."


def _table(rows: Sequence[Row]) -> str:
    servers = list(dict.fromkeys(row.server for row in rows))
    costs = {(row.work, row.server): cost(row) for row in rows}
    measured = [title for title in WORKS if any(row.work == title for row in rows)]
    return simpleTable(("work", *servers), [[title, *(costs[title, server] for server in servers)] for title in measured])


def save(kept: Mapping[str, Any]) -> None:
    """
    Write the part into the README.
    """
    text = README.read_text()
    start = text.index(BEGIN) + len(BEGIN)
    README.write_text(text[:start] + part(kept) + text[text.index(END, start) :])
