"""
Conformance with RFC 6455: the quick cases of the Autobahn test suite; C{make conformance} runs all of them.
"""

from tests.conformance.suite import SLOW, runSuite


def test_quickCases() -> None:
    """Framing, control frames, fragmentation, UTF-8, closing: as the RFC has it."""
    outcome = runSuite(exclude=SLOW)
    assert len(outcome.cases) > 200
    assert outcome.bad == {}
