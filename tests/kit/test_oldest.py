"""
The oldest versions that C{setup.py} allows.
"""

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.kit.oldest import bounded, constraints


def test_bounded() -> None:
    """Every requirement has one lower bound, except setuptools: it only brings a module that Python removed."""
    assert {each.name for each in bounded() if not each.specifier} <= {"setuptools"}
    names = [Requirement(line).name for line in constraints()]
    assert len(names) == len(set(names))


def test_own() -> None:
    """The list has everything that the package itself imports."""
    names = {canonicalize_name(Requirement(line).name) for line in constraints()}
    assert names >= {"autobahn", "jinja2", "msgspec", "pyjwt", "pyopenssl", "twisted", "typing-extensions", "zope-interface"}
