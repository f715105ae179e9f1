"""
Node's clients, over plain TCP and over TLS in each way of serving it.
"""

from tests.kit.processes import node
from tests.whole.real.conftest import Served
from tests.whole.real.parts import NODE, NODE_MODULES, NODE_WS, PLAIN_AND_TLS, UNDICI, runs


def _talk(kind: str, served: Served, way: str) -> None:
    certificate = str(served.certificate)
    # The system's Node may be too old to have a WebSocket; the registry has a newer one.
    newer = str(NODE_MODULES / ".bin" / "node")
    words = ("tests/whole/talk.mjs", kind, served.socket(way), certificate)
    printed = node(*words, command=newer, NODE_EXTRA_CA_CERTS=certificate)
    assert f"talked by {kind}" in printed


@runs(NODE, *PLAIN_AND_TLS)
def test_own(served: Served, way: str) -> None:
    """Node's own WebSocket talks."""
    _talk("own", served, way)


@runs(UNDICI, *PLAIN_AND_TLS)
def test_undici(served: Served, way: str) -> None:
    """The WebSocket of the package undici talks."""
    _talk("undici", served, way)


@runs(NODE_WS, *PLAIN_AND_TLS)
def test_ws(served: Served, way: str) -> None:
    """The WebSocket of the package ws talks."""
    _talk("ws", served, way)
