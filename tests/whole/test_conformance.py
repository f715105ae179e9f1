"""
Conformance with RFC 6455: the quick cases of the Autobahn test suite; C{make conformance} runs all of them.
"""

import pytest

from ratchet_tx.settings import SHORTCUTS
from tests.whole.conformance.suite import SLOW, runSuite


@pytest.mark.parametrize("without", [(), SHORTCUTS], ids=["fast", "slow"])
def test_quickCases(without: tuple[str, ...]) -> None:
    """Framing, control frames, fragmentation, UTF-8, closing: as the RFC has it, with and without what makes it fast."""
    outcome = runSuite(exclude=SLOW, without=without)
    assert len(outcome.cases) > 200
    assert outcome.bad == {}
