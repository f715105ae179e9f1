"""
Counting and logging HTTP refusals.
"""

from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.httprefusals import HTTPRefusals
from ratchet_tx.monitoring.peerlog import PeerLog
from tests.kit.fakes import logged


def test_counted() -> None:
    """Each refusal is counted by its status, and is one log line that says what was refused, which address, and why."""
    counters = Counters()
    refusals = HTTPRefusals(counters, PeerLog())
    with logged() as lines:
        refusals.request("192.0.2.7", 400, "two lengths")
        refusals.note("connection", "192.0.2.7", 503, "limit=connections of=1")
        refusals.note("handshake", "192.0.2.8", 503, 'why="{the server stops}"')
    assert counters.refused == {"http.400": 1, "http.503": 2}
    assert lines == [
        'Refused a request: status=400 address=192.0.2.7 why="two lengths"',
        "Refused a connection: status=503 address=192.0.2.7 limit=connections of=1",
        'Refused a handshake: status=503 address=192.0.2.8 why="{the server stops}"',
    ]
