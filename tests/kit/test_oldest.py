"""
The oldest versions that C{setup.py} allows.
"""

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.kit.oldest import bounded, constraints
from tests.kit.processes import ROOT, run


def test_bounded() -> None:
    """Every requirement has one lower bound, except setuptools: it only brings a module that Python removed."""
    assert {each.name for each in bounded() if not each.specifier} <= {"setuptools"}
    names = [Requirement(line).name for line in constraints()]
    assert len(names) == len(set(names))


def test_own() -> None:
    """The list has everything that the package itself imports."""
    names = {canonicalize_name(Requirement(line).name) for line in constraints()}
    assert names >= {"autobahn", "jinja2", "msgspec", "pyjwt", "pyopenssl", "twisted", "typing-extensions", "zope-interface"}


def test_whatIsRun() -> None:
    """What C{make test-oldest} runs is there, so that no renamed test is found missing only at the end of a gate."""
    *_, command = run(["make", "--dry-run", "--no-print-directory", "test-oldest"]).stdout.splitlines()
    paths = [word for word in command.split() if word.startswith("tests/")]
    assert "tests/transport" in paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
