"""
Which versions are measured, of Python's packages in either environment, and of Node's.
"""

import json
import subprocess
from importlib.metadata import version

from benchmarks.servers import ASGI, HERE, NODE, Kind


def versions(kind: Kind) -> dict[str, str]:
    """
    Find out the versions of what a kind of server is made of.

    @return: by the package's name
    """
    return {package: _FINDERS[kind.home](package) for package in kind.packages}


def _node(package: str) -> str:
    if package == "Node":
        said = subprocess.run([str(NODE), "--version"], capture_output=True, text=True, check=True).stdout
        return said.strip().lstrip("v")
    about = json.loads((HERE / "node_modules" / package / "package.json").read_text())
    found: str = about["version"]
    return found


def _asgi(package: str) -> str:
    words = [str(ASGI), "-c", f"from importlib.metadata import version; print(version({package!r}))"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


_FINDERS = {"python": version, "node": _node, "asgi": _asgi}
