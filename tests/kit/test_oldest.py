"""
The oldest versions that are admitted.
"""

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.kit.oldest import bounded, constraints


def test_bounded() -> None:
    """Whatever is needed has one lower bound; setuptools alone has none: it brings a module that Python once had."""
    assert {each.name for each in bounded() if not each.specifier} <= {"setuptools"}
    names = [Requirement(line).name for line in constraints()]
    assert len(names) == len(set(names))


def test_own() -> None:
    """What the package itself imports is among them."""
    names = {canonicalize_name(Requirement(line).name) for line in constraints()}
    assert names >= {"autobahn", "jinja2", "msgspec", "pyjwt", "pyopenssl", "twisted", "typing-extensions", "zope-interface"}
