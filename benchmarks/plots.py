"""
The plots, as SVG: from the figures as they are kept; how they were measured, it isn't told.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from benchmarks.siege import LONGEST_MS
from benchmarks.table import Row, cost

#: All of them are readable on white and on black, for the page isn't ours.
INK, OURS, OTHERS, FAINT = "#7d8590", "#0d9488", "#8b949e", "#7d859040"

matplotlib.rcParams.update(
    {
        "font.family": "sans-serif",
        "font.size": 9,
        "text.color": INK,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "axes.titlesize": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": INK,
        "ytick.color": INK,
        "grid.color": FAINT,
        "svg.fonttype": "none",
        # Else every run would give another file.
        "svg.hashsalt": "ratchet_tx",
    }
)


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, transparent=True, metadata={"Date": None})
    plt.close(figure)


def plotTable(figures: Mapping[str, Any], path: Path) -> None:
    """
    Plot what each work costs each server: one panel a work, one point a server.
    """
    rows = [Row(**row) for row in figures["rows"]]
    works = list(dict.fromkeys(row.work for row in rows))
    columns = min(3, len(works))
    lines = -(-len(works) // columns)
    servers = len({row.server for row in rows})
    size = (11, lines * (0.9 + 0.24 * servers))
    figure, panels = plt.subplots(lines, columns, figsize=size, squeeze=False, layout="constrained")
    for axes, work in zip(panels.flat, works, strict=False):
        _plotWork(axes, work, [row for row in rows if row.work == work])
    for axes in list(panels.flat)[len(works) :]:
        axes.set_visible(False)
    _save(figure, path)


def _plotWork(axes: Axes, work: str, rows: list[Row]) -> None:
    costs = [cost(row) for row in rows]
    for place, (row, each) in enumerate(zip(rows, costs, strict=True)):
        colour = OURS if row.server == "ratchet_tx" else OTHERS
        axes.plot([each], [place], "o", color=colour, markersize=7)
        axes.annotate(f"{each:,.1f}", (each, place), xytext=(8, 0), textcoords="offset points", va="center", color=colour)
    axes.set_title(work, loc="left")
    # Some cost thirty times as much as others, and a ratio is as wide wherever it is.
    axes.set_xscale("log")
    axes.set_xlim(min(costs) / 1.3, max(costs) * (max(costs) / min(costs)) ** 0.25 * 1.3)
    axes.xaxis.set_major_locator(NullLocator())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yticks(range(len(rows)), [row.server for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    # A grid would run through the figures.
    axes.hlines(range(len(rows)), axes.get_xlim()[0], costs, color=FAINT, linewidth=1, zorder=0)
    axes.tick_params(length=0)
    axes.set_xlabel("KiB per connection" if rows[0].memory else "CPU us per event")


def plotGrowth(figures: Mapping[str, Any], path: Path) -> None:
    """
    Plot what each thing costs, the more are connected.
    """
    figure, panels = plt.subplots(1, len(figures["costs"]), figsize=(11, 2.8), squeeze=False, layout="constrained")
    for axes, (title, costs) in zip(panels.flat, figures["costs"].items(), strict=True):
        axes.plot(figures["sizes"], costs, "o-", color=OURS)
        axes.set_title(title, loc="left")
        axes.set_xscale("log")
        axes.set_xticks(figures["sizes"], [f"{size:,}" for size in figures["sizes"]])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_ylim(0, max(costs) * 1.25)
        axes.grid(axis="y")
        axes.set_xlabel("connected")
    _save(figure, path)


def plotSoak(figures: Mapping[str, Any], path: Path) -> None:
    """
    Plot how the memory went.
    """
    figure, axes = plt.subplots(figsize=(8, 2.8), layout="constrained")
    axes.plot(*zip(*figures["memory"], strict=True), color=OURS)
    axes.set_ylabel("memory, MiB")
    axes.set_xlabel("seconds")
    axes.set_ylim(0, max(mebibytes for _, mebibytes in figures["memory"]) * 1.25)
    axes.grid(axis="y")
    _save(figure, path)


def plotHostile(figures: Mapping[str, Any], path: Path) -> None:
    """
    Plot what a healthy peer notices of each attack, and how the memory goes: one line an attack.
    """
    sieges = figures["sieges"]
    size = (11, 0.6 * len(sieges) + 1)
    figure, panels = plt.subplots(len(sieges), 2, sharex="col", figsize=size, squeeze=False, layout="constrained")
    for (waits, memory), siege in zip(panels, sieges, strict=True):
        waits.plot([at for at, _ in siege["echoes"]], [wait * 1000 for _, wait in siege["echoes"]], color=OURS, linewidth=1)
        waits.set_ylabel(siege["name"], rotation=0, ha="right", va="center")
        waits.set_yscale("log")
        waits.set_ylim(0.5, 2000)
        waits.axhline(LONGEST_MS, color=FAINT)
        memory.plot(*zip(*siege["memory"], strict=True), color=OURS, linewidth=1)
        memory.set_ylim(0, max(mebibytes for _, mebibytes in siege["memory"]) * 1.25)
    for axes, title in zip(panels[0], ("the healthy peer's longest wait in each second, ms", "memory, MiB"), strict=True):
        axes.set_title(title, loc="left")
    for axes in panels[-1]:
        axes.set_xlabel("seconds")
    _save(figure, path)


PLOTS = {"table": plotTable, "growth": plotGrowth, "soak": plotSoak, "hostile": plotHostile}
