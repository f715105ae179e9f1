"""
What all tests share.
"""

import os

import pytest


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """
    Fail a run that skipped anything where nothing may be skipped: on the machine that decides.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped") and exitstatus == 0:
        reporter.write_line("Nothing may be skipped where CI is set.", red=True)
        session.exitstatus = 1
