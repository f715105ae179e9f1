"""
How many examples Hypothesis tries.

C{ci} takes the same ones each time, so that no change is refused for what another one did.  C{long} takes others each time,
and twenty times as many; C{make test-long} runs it.  What it finds becomes a test of its own, or an C{@example}.
"""

from typing import Any

from hypothesis import settings

#: The profile of a run that names none.
USUAL = "ci"

_MOST = 100

# Hypothesis has a profile of this name itself, which it takes wherever CI is set.
settings.register_profile(USUAL, settings.get_profile("default"), max_examples=_MOST, deadline=None, derandomize=True)
settings.register_profile("long", settings.get_profile(USUAL), max_examples=20 * _MOST, derandomize=False, print_blob=True)


def examples(most: int, **others: Any) -> settings:
    """
    Try another number of examples than the default 100; a long run multiplies it as everywhere.
    """
    return settings(max_examples=most * settings().max_examples // _MOST, **others)
