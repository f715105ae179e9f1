"""
Conformance with RFC 6455: the quick cases of the Autobahn test suite; C{make conformance} runs all.
"""

import pytest

from ratchet_tx.settings import SHORTCUTS
from tests.whole.conformance.suite import SLOW, runSuite


@pytest.mark.parametrize("without", [(), SHORTCUTS], ids=["fast", "slow"])
def test_quickCases(without: tuple[str, ...]) -> None:
    """Frames, control frames, fragments, UTF-8 and closes conform to the RFC, with and without shortcuts."""
    outcome = runSuite(exclude=SLOW, without=without)
    assert len(outcome.cases) > 200
    assert outcome.bad == {}
