"""
The oldest versions that C{setup.py} admits, as pip's constraints: C{python -m tests.kit.oldest}.

C{make test-oldest} installs them, so that a bound which isn't true is found before a user finds it.
"""

from collections.abc import Iterator
from importlib.metadata import requires

from packaging.requirements import Requirement

#: What is for tests and users; the rest is ours, and runs with its newest versions only.
EXTRAS = ("test", "tls", "jwt", "templates")


def bounded() -> Iterator[Requirement]:
    """
    List what is needed, in itself and by the extras.
    """
    for line in requires("ratchet_tx") or []:
        requirement = Requirement(line)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *EXTRAS)):
            yield requirement


def constraints() -> list[str]:
    """
    Make the constraints.

    @raise ValueError: where something has no bound, or two that differ
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
