"""
What is said and kept of what was measured: C{docs/benchmarks.json} has the figures, and C{docs/benchmarks.rst}, the plots
and the README's table are written from them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from benchmarks import readme
from benchmarks.machine import cores
from benchmarks.machine import describe as describeMachine
from benchmarks.server import ROOT
from benchmarks.servers import KINDS
from benchmarks.siege import GROWN, GROWTH_MIB, LOGGED_KIB, LONGEST_MS, P99_MS, Siege, Waits, siegeTable
from benchmarks.table import HEADS, Row, cells, growthTable, simpleTable
from benchmarks.versions import versions

DOCS = ROOT / "docs"
FIGURES = DOCS / "benchmarks.json"

#: When, where, by which command, of which versions; by these names it stands in the file.
About = dict[str, Any]


@dataclass(frozen=True)
class Soak:
    """
    What came of soaking.

    @ivar peers: how many were connected
    @ivar memory: after how many seconds the server had how many MiB
    @ivar counts: how often everything was done
    """

    peers: int
    memory: Sequence[tuple[float, float]]
    counts: Mapping[str, int]

    @property
    def before(self) -> float:
        """
        What memory it had after a tenth of the time, in MiB: until then it has met everything once.
        """
        return self.memory[len(self.memory) // 10][1]

    @property
    def after(self) -> float:
        """
        What memory it had in the end, in MiB.
        """
        return self.memory[-1][1]


def about(words: Sequence[str], servers: Sequence[str], module: str = "benchmarks") -> About:
    """
    Describe a measurement that was made just now.

    @param words: its command line
    @param servers: which servers it was made on
    @param module: which module's it was
    """
    found: dict[str, str] = {}
    for server in servers:
        found |= versions(KINDS[server])
    return {
        "command": " ".join(["python", "-m", module, *(word for word in words if word != "--docs")]),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": describeMachine(),
        "oneCore": len(set(cores())) == 1,
        "versions": found,
    }


def describe(about: About) -> str:
    """
    Say in a paragraph how it was measured.
    """
    found = ", ".join(f"{package} {number}" for package, number in about["versions"].items())
    where = "the server and the load on the same core" if about["oneCore"] else "the server on one core, the load on another"
    return f"``{about['command']}`` on {about['date']}; {about['machine']}; {where}.\n{found}."


def describeSoak(soak: Soak) -> str:
    """
    Say in a paragraph what came of soaking.
    """
    counts = ", ".join(f"{name} {count:,}" for name, count in sorted(soak.counts.items()))
    return (
        f"{soak.peers:,} peers for {soak.memory[-1][0]:,.0f} seconds: {soak.before:.1f} MiB after a tenth of the time, "
        f"{soak.after:.1f} MiB in the end.\nEvery answer came. ({counts}.)"
    )


def saveTable(about: About, rows: Sequence[Row]) -> None:
    """
    Keep a table.
    """
    _save("table", {"about": about, "rows": [asdict(row) for row in rows]})
    readme.save(rows, describe(about))


def saveGrowth(about: About, sizes: Sequence[int], costs: Mapping[str, Sequence[float]]) -> None:
    """
    Keep what grows.
    """
    _save("growth", {"about": about, "sizes": sizes, "costs": costs})


def saveSoak(about: About, soak: Soak) -> None:
    """
    Keep what came of soaking.
    """
    _save("soak", {"about": about, **asdict(soak)})


def saveHostile(about: About, sieges: Sequence[Siege]) -> None:
    """
    Keep what came of attacks.
    """
    _save("hostile", {"about": about, "sieges": [asdict(siege) for siege in sieges]})


def _save(part: str, figures: dict[str, Any]) -> None:
    # matplotlib takes its time to load, and nothing but this needs it.
    from benchmarks import plots

    kept = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    kept[part] = figures
    FIGURES.write_text(json.dumps(kept, indent=1) + "\n")
    plots.PLOTS[part](figures, DOCS / _image(part))
    (DOCS / "benchmarks.rst").write_text(page(kept))


PAGE = """\
Benchmarks
==========

``make benchmark`` measures ours beside the servers that are quickest to install, and prints the table;
``make benchmark-all`` beside all of them; ``make benchmark-growth`` and ``make benchmark-soak`` measure ours alone;
``make benchmark-docs`` does all of that, and writes this page; ``make benchmark-hostile`` attacks ours.

Every server does the same job, in one small file of ``benchmarks/servers/`` each: a token that stands in a dict logs a peer
in; JSON is decoded, dispatched by the event's name, and encoded.
Each does it in its own idiom, and in its own protocol where it has one.
Ours is ``twistd -n ratchet`` with everything that is on by default: logging in, limits, counters, back-pressure.
Only the figures of the limits that the load would meet are raised; that they are accounted for costs what it costs.

The server is kept on one core, and the load on another: picows clients on uvloop, and bare sockets where peers only come to
go.
Each work is done by each server in turn, every time by a new process, for several rounds; the figures are the medians.
"""

READING = """\
``CPU us`` is the server's CPU for each event, user and system, as the kernel's scheduler counts it.
The last column is the median of the rounds' own ratios of our CPU to this server's (of our memory, where nothing is said):
below 1 ours is cheaper.
``load`` is how busy the load was. Where that is above 90 %, which is marked, this server could have had more events in a
second; what each costs it is measured all the same.
In the plot, whose scale is logarithmic, cheaper is further to the left.
"""

HOSTILE = f"""\
``make benchmark-hostile`` attacks a new server in each of these ways, with the limits that it has by default, by twenty
peers that send as fast as they may, and has a healthy peer measure what it notices of that.
``p50``, ``p99`` and ``longest`` are how long it waits for an echo; ``login`` is the longest time that a new connection took
until it was logged in; ``lost`` is how many of the healthy peer's connections ended; ``CPU`` is how busy the server was,
and ``delayed`` for which part of the time it had to wait for its core because something else ran there.
What is seen where nobody attacks is the machine's doing, not the attackers'.
The memory before and after is what is in use once what is free was given back to the system; ``kept`` is what the server's
ledger of bytes still has then. What it keeps for those who come back, such as the replies to keys, it keeps for two minutes.
Marked is what is more than it should be: a p99 above {P99_MS} ms, a wait above {LONGEST_MS} ms, {GROWTH_MIB} MiB more
memory meanwhile or {GROWN:.0%} of it afterwards, anything kept, {LOGGED_KIB} KiB of log a minute.
"""

HEADINGS = {"table": "Side by side", "growth": "Growth", "soak": "A soak", "hostile": "Under attack"}


def _image(part: str) -> str:
    return "hostile.svg" if part == "hostile" else f"benchmarks-{part}.svg"


def page(kept: Mapping[str, Any]) -> str:
    """
    Write the page.

    @param kept: the figures, by the names of the parts
    """
    parts = [PAGE]
    for name, heading in HEADINGS.items():
        if name in kept:
            image = f".. image:: {_image(name)}\n   :alt: {heading}"
            paragraphs = [describe(kept[name]["about"]), _CONTENTS[name](kept[name]), image]
            parts.append("\n\n".join([f"\n{heading}\n{'-' * len(heading)}", *paragraphs]) + "\n")
    return "\n".join(parts)


def _table(figures: Mapping[str, Any]) -> str:
    return f"{simpleTable(HEADS, [cells(Row(**row)) for row in figures['rows']])}\n\n{READING.rstrip()}"


def _growth(figures: Mapping[str, Any]) -> str:
    return growthTable(figures["sizes"], figures["costs"])


def _soak(figures: Mapping[str, Any]) -> str:
    return describeSoak(Soak(figures["peers"], figures["memory"], figures["counts"]))


def _hostile(figures: Mapping[str, Any]) -> str:
    sieges = [Siege(**{**each, "waits": Waits(**each["waits"])}) for each in figures["sieges"]]
    attacks = "\n".join(f"- ``{each.name}``: {each.says}" for each in sieges)
    return f"{HOSTILE}\n{siegeTable(sieges)}\n\n{attacks}"


_CONTENTS = {"table": _table, "growth": _growth, "soak": _soak, "hostile": _hostile}
