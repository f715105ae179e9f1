"""
The page about the parts that the server was tested with.
"""

import json
import re
from pathlib import Path

import pytest

from tests.whole.real.parts import declared, writeRecord
from tests.whole.real.table import LAYER, PAGE, makePage, readRecord, rows


def test_page() -> None:
    """The page lists exactly the parts and ways that the tests declare; the versions are those of the last run."""
    committed = PAGE.read_text()
    versions = {}
    for part, _ in declared:
        found = re.search(rf"^{re.escape(part.name)}  +(\d[\w.]+)  ", committed, re.MULTILINE)
        assert found, f"{part.name} isn't in the page: make docs-clients"
        versions[part.name] = found[1]
    assert makePage(declared, versions) == committed, "make docs-clients"


def test_all() -> None:
    """The page is made of all test modules that run a part."""
    folder = Path(__file__).parent
    running = {path.stem for path in folder.glob("test_*.py") if re.search(r"^@runs\(", path.read_text(), re.MULTILINE)}
    assert {module.__name__.rpartition(".")[2] for module in LAYER} == running


def test_partly(tmp_path: Path) -> None:
    """An incomplete run writes no page."""
    record = tmp_path / "record"
    some = sorted(declared, key=lambda pair: (pair[0].name, pair[1]))[1:]
    writeRecord(set(some), record)
    assert len(json.loads(record.read_text())) == len(some)
    with pytest.raises(ValueError, match="Apache httpd"):
        readRecord(record)


def test_rows() -> None:
    """Each part has one row with all its ways."""
    tables = rows(declared)
    assert sum(len(ways) for parts in tables.values() for ways in parts.values()) == len(declared)
