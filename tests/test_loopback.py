"""
Endpoints that stay on this machine.
"""

import pytest

from ratchet_tx import UsageError
from ratchet_tx.loopback import stayingHere


@pytest.mark.parametrize(
    ("description", "completed"),
    [
        ("9000", "tcp:9000:interface=127.0.0.1"),
        ("tcp:9000", "tcp:9000:interface=127.0.0.1"),
        ("TCP:9000:backlog=5", "TCP:9000:backlog=5:interface=127.0.0.1"),
        ("tcp:port=9000", "tcp:port=9000:interface=127.0.0.1"),
        ("tcp6:9000", r"tcp6:9000:interface=\:\:1"),
        ("tls:/certificates:9000", r"tls:/certificates:9000:interface=\:\:1"),
        ("ssl:9000:privateKey=a\\:interface=b", "ssl:9000:privateKey=a\\:interface=b:interface=127.0.0.1"),
    ],
)
def test_completed(description: str, completed: str) -> None:
    """What would listen everywhere listens on this machine only."""
    assert stayingHere(description) == completed


@pytest.mark.parametrize(
    "description", ["tcp:9000:interface=0.0.0.0", "unix:/run/admin:mode=600", "systemd:domain=INET:index=1"]
)
def test_said(description: str) -> None:
    """Where it is said, it stays as it is said."""
    assert stayingHere(description) == description


@pytest.mark.parametrize("description", ["haproxy:tcp:9000", "onion:80", "nonsense", "", "-1"])
def test_others(description: str) -> None:
    """Of other kinds nobody knows where they listen, so they are refused."""
    with pytest.raises(UsageError, match="is neither a port nor one of tcp, ssl, tcp6, tls, unix, systemd"):
        stayingHere(description)
