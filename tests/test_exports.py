"""
The public names: who builds on them can rely on them.
"""

import re
import subprocess
import sys

import ratchet_tx
from tests.kit.processes import ROOT

NAMES = [
    "AnonymousClient",
    "AnonymousClientProvider",
    "Applications",
    "AskRefused",
    "Closed",
    "ConnectionEvent",
    "CredClientProvider",
    "Dispatched",
    "HandlerFailed",
    "Happening",
    "Hub",
    "IAnonymousClientProvider",
    "IApplication",
    "IBackplane",
    "IClient",
    "IClientProvider",
    "IConnection",
    "IHub",
    "IPeriodicTimer",
    "IRequest",
    "IRoomPolicy",
    "ITransport",
    "JWTClientProvider",
    "Limits",
    "LoggedIn",
    "LoginFailed",
    "Opened",
    "Origins",
    "Payload",
    "PeerError",
    "Position",
    "RatchetError",
    "RatchetResource",
    "RatchetServerFactory",
    "Refused",
    "RoomPolicy",
    "Settings",
    "TimerAlreadyAdded",
    "UsageError",
    "browserClient",
    "digest",
    "makeService",
    "on",
    "websocketClient",
]


def test_names() -> None:
    """The package exports exactly these names."""
    assert ratchet_tx.__all__ == NAMES
    assert all(hasattr(ratchet_tx, name) for name in NAMES)


def test_documented() -> None:
    """Each public name says what it is for."""
    assert [name for name in NAMES if not getattr(ratchet_tx, name).__doc__] == []


def test_noReactor() -> None:
    """Importing the package installs no reactor."""
    program = "import sys, ratchet_tx; sys.exit('twisted.internet.reactor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_noOptionalPackages() -> None:
    """Importing the package imports no optional dependency."""
    program = "import sys, ratchet_tx; sys.exit(bool({'jwt', 'jinja2'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_examplesNeedNoMore() -> None:
    """The README and the examples import public names only, from the package itself."""
    files = [ROOT / "README.rst", *(ROOT / "examples").rglob("*.py")]
    assert len(files) > 20
    assert [file.name for file in files if re.search(r"(?:from|import) ratchet_tx\.", file.read_text())] == []
