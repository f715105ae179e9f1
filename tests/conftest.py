"""
What all tests share.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from twisted.logger import eventAsText, globalLogPublisher

from tests.kit import examples
from tests.kit.wire import PLANTED

settings.load_profile(examples.USUAL)


@pytest.fixture(autouse=True)
def noSecretIsLogged() -> Iterator[None]:
    """
    Run every test's log past the secret that the tests' peers put wherever they can.
    """
    shown: list[str] = []

    def observe(event: Any) -> None:
        text = eventAsText(event)
        if PLANTED in text:
            shown.append(text)

    globalLogPublisher.addObserver(observe)
    yield
    globalLogPublisher.removeObserver(observe)
    assert shown == []


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """
    Fail a run that skipped anything where nothing may be skipped: on the machine that decides.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped") and exitstatus == 0:
        reporter.write_line("Nothing may be skipped where CI is set.", red=True)
        session.exitstatus = 1
