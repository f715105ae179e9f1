"""
The codes of errors: the docs list the same ones.
"""

import re
from pathlib import Path

import pytest

from ratchet_tx.wire.errorcodes import ERROR_CODES, OTHER_CODES

ROOT = Path(__file__).parents[2]

ALL = {**ERROR_CODES, **OTHER_CODES}


def test_docs() -> None:
    """The docs list exactly these codes."""
    section = (ROOT / "docs/protocol.rst").read_text().split("\nReplies, both ways\n------------------\n")[1]
    table = section.split("\ncode                  meaning\n")[1].split("\n\n")[0]
    assert re.findall(r"^``([a-z.]+)``", table, re.MULTILINE) == list(ERROR_CODES)


@pytest.mark.parametrize("code", ALL)
def test_entry(code: str) -> None:
    """Each code stands under its own name, is in one table, and says why and whence it is."""
    entry = ALL[code]
    assert entry.code == code
    assert entry.why.endswith(".")
    assert entry.source.startswith("PROTOCOL, ")
    assert (code in ERROR_CODES) != (code in OTHER_CODES)
