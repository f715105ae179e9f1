"""
Lists the oldest versions that C{setup.py} allows, as pip's constraints: C{python -m tests.kit.oldest}.

C{make test-oldest} installs them, so that a wrong bound is found before a user finds it.
"""

from collections.abc import Iterator
from importlib.metadata import requires

from packaging.requirements import Requirement

#: The extras for tests and users; the others are for development, and run with the newest versions only.
EXTRAS = ("test", "tls", "jwt", "templates")


def bounded() -> Iterator[Requirement]:
    """
    List the requirements of the package and of its extras.
    """
    for line in requires("ratchet_tx") or []:
        requirement = Requirement(line)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *EXTRAS)):
            yield requirement


def constraints() -> list[str]:
    """
    Make the constraints.

    @raise ValueError: if a requirement has no bound, or two different ones
    """
    found: dict[str, str] = {}
    for requirement in bounded():
        bounds = [each.version for each in requirement.specifier if each.operator == ">="]
        if not bounds:
            continue
        name = requirement.name.lower()
        if found.setdefault(name, bounds[0]) != bounds[0]:
            raise ValueError(f"setup.py has two bounds of {name}: {found[name]} and {bounds[0]}")
    return [f"{name}=={bound}" for name, bound in sorted(found.items())]


if __name__ == "__main__":
    print("\n".join(constraints()))
