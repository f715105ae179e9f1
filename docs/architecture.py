"""
Draws C{docs/architecture.svg} from the imports: the folders of the package, and which of them imports which.

C{make docs-architecture} writes it.

The picture is a table, since arrows would be more than a hundred. It shows whether a folder imports another, and not which
module does so or how often, so it rarely changes.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

from tests.test_layers import BELOW_SOCKETS, MODULES, ORDER, TOP, WITHIN, own

PICTURE = Path(__file__).with_suffix(".svg")

#: In pixels: from one cell to the next, the size of a cell, what is between two bands, and what is around the table.
STEP, CELL, GAP = 27, 23, 30
LEFT, ABOVE, RIGHT, BELOW = 186, 92, 130, 24

#: Where what explains the table begins, and how high its lines are.
LEGEND_AT, LINE = (480, 108), 23

#: The bands, from the top, each with what it is called.
VOCABULARY, QUIET, LOUD = BANDS = ("vocabulary", "quiet", "loud")
TITLES = {VOCABULARY: "Vocabulary", QUIET: "Without sockets", LOUD: "Sockets, HTTP, the process"}

#: What has a colour, with that in light and in dark. The picture has a ground of its own, whatever page it is on.
COLOURS = {
    "page": ("#ffffff", "#0d1117"),
    "edge": ("#d0d7de", "#30363d"),
    "cell": ("#f1f4f7", "#1a2029"),
    "text": ("#1f2328", "#e6edf3"),
    "note": ("#59636e", "#9198a1"),
    VOCABULARY: ("#6e7781", "#9ea7b3"),
    QUIET: ("#0969da", "#58a6ff"),
    LOUD: ("#bc4c00", "#f0883e"),
}

HEADING = "The folders of ratchet_tx, and which imports which"
LEGEND = (
    "A folder; its row is to the left, its column below.",
    "The folder of this row imports the folder of this column.",
    "All dots are left of the squares, since imports go one way:",
    "a folder imports only itself and folders above it.",
)


class Part(NamedTuple):
    """
    A row of the table: a folder, or a module that stands in none.

    @ivar name: with a slash for a folder within another
    @ivar band: one of L{BANDS}
    """

    name: str
    band: str


def partOf(module: str) -> str:
    """
    Name the part that a module is in.
    """
    folder, _, rest = module.partition(".")
    within = rest.partition(".")[0]
    return f"{folder}/{within}" if within in WITHIN.get(folder, ()) else folder


def parts() -> list[Part]:
    """
    Give all parts in their order.
    """
    found = []
    for name in ORDER:
        isFolder = MODULES[name].name == "__init__.py"
        band = VOCABULARY if not isFolder else QUIET if name in BELOW_SOCKETS else LOUD
        found += [Part(each, band) for each in (*(f"{name}/{inner}" for inner in WITHIN.get(name, ())), name)]
    return found


def importing() -> set[tuple[str, str]]:
    """
    Give the pairs of parts of which the first imports the second.
    """
    pairs = {(partOf(module), partOf(each)) for module in MODULES.keys() - TOP for each in own(module)}
    return {(importer, imported) for importer, imported in pairs if importer != imported}


def draw() -> str:
    """
    Draw the picture.
    """
    rows = parts()
    bands = [part.band for part in rows]
    # The same to the right as downwards, so that the squares stand in one line.
    offsets = [number * STEP + BANDS.index(band) * GAP for number, band in enumerate(bands)]
    width, height = LEFT + offsets[-1] + STEP + RIGHT, ABOVE + offsets[-1] + STEP + BELOW
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        ' role="img" aria-labelledby="heading">',
        f"<style>{''.join(_style())}</style>",
        f'<rect class="page" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>',
        f'<text id="heading" class="heading" x="24" y="38">{escape(HEADING)}</text>',
    ]
    lines += _legend(*LEGEND_AT)
    for band in BANDS:
        top = ABOVE + offsets[bands.index(band)]
        lines.append(f'<text class="band {band}" x="24" y="{top - 9}">{escape(TITLES[band])}</text>')
    pairs = importing()
    for number, part in enumerate(rows):
        lines += _row(number, part, rows, offsets, pairs)
    return "\n".join([*lines, "</svg>", ""])


def _legend(x: int, y: int) -> Iterator[str]:
    yield f'<rect class="{VOCABULARY}" x="{x}" y="{y - 12}" width="14" height="14" rx="3"/>'
    yield f'<circle class="{VOCABULARY}" cx="{x + 7}" cy="{y + LINE - 4.5}" r="6"/>'
    for number, line in enumerate(LEGEND):
        yield f'<text class="note" x="{x + 24}" y="{y + number * LINE}">{escape(line)}</text>'


def _row(number: int, part: Part, rows: list[Part], offsets: list[int], pairs: set[tuple[str, str]]) -> Iterator[str]:
    top = ABOVE + offsets[number]
    name = escape(part.name)
    yield f'<text class="name" x="{LEFT - 12}" y="{top + 16}" text-anchor="end">{name}</text>'
    cells = " ".join(f"M{LEFT + offset} {top}h{CELL}v{CELL}h-{CELL}z" for offset in offsets[:number])
    if cells:
        yield f'<path class="cell" d="{cells}"/>'
    for column, imported in enumerate(rows):
        if (part.name, imported.name) in pairs:
            x, y = LEFT + offsets[column] + CELL / 2, top + CELL / 2
            told = f"{name} imports {escape(imported.name)}"
            yield f'<circle class="{imported.band}" cx="{x}" cy="{y}" r="6"><title>{told}</title></circle>'
    x = LEFT + offsets[number]
    yield f'<rect class="{part.band}" x="{x}" y="{top}" width="{CELL}" height="{CELL}" rx="4"/>'
    yield f'<text class="name" x="{x + CELL + 8}" y="{top + 16}">{name}</text>'


def _style() -> Iterator[str]:
    yield "text{fill:var(--text);font:13px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif}"
    yield ".name{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
    yield ".heading{font-size:17px;font-weight:600}.band{font-weight:600}.note{fill:var(--note)}"
    yield ".page{fill:var(--page);stroke:var(--edge)}.cell{fill:var(--cell)}"
    yield from (f".{band}{{fill:var(--{band})}}" for band in BANDS)
    for scheme, query in enumerate(("{}", "@media (prefers-color-scheme:dark){{{}}}")):
        colours = ";".join(f"--{name}:{colour[scheme]}" for name, colour in COLOURS.items())
        yield query.format(f":root{{{colours}}}")


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
