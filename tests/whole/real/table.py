"""
Writes C{docs/clients.rst}, the list of parts that the server was tested with, from the record of the last run.

C{python -m tests.whole.real.table} writes it.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.kit.processes import ROOT
from tests.whole.real import test_browsers, test_curl, test_node_clients, test_proxies, test_python_clients
from tests.whole.real.parts import BROWSER, CLIENT, PROXY, RECORD, Part, declared

#: Imported for their declarations.
LAYER = (test_browsers, test_curl, test_node_clients, test_proxies, test_python_clients)

PAGE = ROOT / "docs" / "clients.rst"

ABOUT = """\
Browsers, clients and proxies
=============================

``make test`` runs the server with each of these, and ``make docs-clients`` writes this page from such a run: a row says
which version was run last, and over what.
Every client logs in, sends and receives 60 kB in all kinds of UTF-8, closes, and is closed by the server; browsers open
a page first, and do the same by ``ratchet.js``.
Through every proxy a client and Chromium ask for pages and sockets in turn, so that connections which the proxy keeps
carry both; the server has to see the peer's own address, and to refuse a page of another origin.
The configurations are those of ``examples/deploy``.

The ways to listen are plain TCP, ``--certificate``, ``--listen ssl:...`` and ``--listen tls:...``.
"""

NOT_RUN = """\
Not run
-------

- Safari, and browsers on phones: they run on no machine of ours.
- Chrome and Edge are made of Chromium; only Debian's Chromium is run. Of Firefox the ESR is run, not the monthly release.
- Proxies of clouds and content networks (Cloudflare, AWS ALB, and so on), Envoy and Traefik: they aren't in Debian.
- HTTP/2 and HTTP/3 to the server itself: it speaks HTTP/1.1. HAProxy is run with HTTP/2 in front.
"""


def rows(pairs: Iterable[tuple[Part, str]]) -> dict[str, dict[Part, list[str]]]:
    """
    Sort parts and ways into tables.

    @return: by kind the parts, each with its ways
    """
    tables: dict[str, dict[Part, list[str]]] = {kind: {} for kind in (BROWSER, CLIENT, PROXY)}
    for part, way in sorted(pairs, key=lambda pair: (pair[0].name.lower(), pair[1])):
        tables[part.kind].setdefault(part, []).append(way)
    return tables


def makePage(pairs: Iterable[tuple[Part, str]], versions: dict[str, str]) -> str:
    """
    Make the page.

    @param pairs: the parts, each with a way
    @param versions: the version of each part, by its name
    """
    sections = [ABOUT]
    for kind, parts in rows(pairs).items():
        lines = [(part.name, versions[part.name], ", ".join(ways)) for part, ways in parts.items()]
        sections.append(f"{kind}\n{'-' * len(kind)}\n\n{_table(('name', 'version', 'over'), lines)}")
    return "\n".join([*sections, NOT_RUN])


def _table(heads: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    widths = [max(len(line[column]) for line in [heads, *lines]) for column in range(len(heads))]
    rule = "  ".join("=" * width for width in widths)
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    head = "  ".join(cell.ljust(width) for cell, width in zip(heads, widths, strict=True)).rstrip()
    return "\n".join([rule, head, rule, *texts, rule, ""])


def readRecord(path: Path = RECORD) -> dict[str, str]:
    """
    Read the record of the last run.

    @return: the versions, by the parts' names
    @raise ValueError: if the run left out a part or a way
    """
    recorded = [tuple(row) for row in json.loads(path.read_text())]
    missing = {(part.name, way) for part, way in declared} - {(name, way) for name, way, _ in recorded}
    if missing:
        raise ValueError(f"the last run has left out, or failed with: {sorted(missing)}")
    return {name: version for name, _, version in recorded}


def main() -> None:
    try:
        versions = readRecord()
    except (OSError, ValueError) as error:
        sys.exit(f"run pytest tests/whole/real first: {error}")
    PAGE.write_text(makePage(declared, versions))


if __name__ == "__main__":
    main()
