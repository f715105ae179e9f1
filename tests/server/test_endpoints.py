"""
Descriptions of endpoints, completed.
"""

from socket import SOMAXCONN
from typing import Any

import pytest
from twisted.internet.endpoints import serverFromString
from twisted.internet.testing import MemoryReactorClock

from ratchet_tx import UsageError
from ratchet_tx.server.endpoints import queueing, stayingHere


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


@pytest.mark.parametrize(
    "description",
    [
        "tcp:9000",
        "tcp:9000:127.0.0.1",
        "tcp:port=9000",
        r"tcp6:9000:interface=\:\:1",
        r"unix:/run/a\=b",
        "unix:a:660",
    ],
)
def test_queueing(description: str) -> None:
    """As many may wait to be accepted as the system admits, where nothing else is said."""
    completed = queueing(description)
    assert completed == f"{description}:backlog={SOMAXCONN}"
    assert f"_backlog={SOMAXCONN}" in repr(sorted(f"{name}={value}" for name, value in vars(_endpoint(completed)).items()))


def _endpoint(description: str) -> Any:
    return serverFromString(MemoryReactorClock(), description)


@pytest.mark.parametrize(
    "description",
    ["tcp:9000:backlog=5", "tcp:9000:127.0.0.1:5", r"tcp6:9000:5:\:\:1", "unix:/a:660:5", "systemd:index=1"],
)
def test_queueingSaid(description: str) -> None:
    """A backlog that is said stays, named or not, and so does what has none."""
    assert queueing(description) == description
