"""
Completing the descriptions of endpoints.
"""

from socket import SOMAXCONN
from typing import Any

import pytest
from twisted.internet.endpoints import serverFromString
from twisted.internet.testing import MemoryReactorClock

from ratchet_tx import UsageError
from ratchet_tx.server.endpoints import onLoopback, withBacklog


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
    """An endpoint without an interface gets the loopback interface."""
    assert onLoopback(description) == completed


@pytest.mark.parametrize(
    "description", ["tcp:9000:interface=0.0.0.0", "unix:/run/admin:mode=600", "systemd:domain=INET:index=1"]
)
def test_givenInterface(description: str) -> None:
    """An interface in the description stays."""
    assert onLoopback(description) == description


@pytest.mark.parametrize("description", ["haproxy:tcp:9000", "onion:80", "nonsense", "", "-1"])
def test_others(description: str) -> None:
    """Other kinds of endpoints are refused, because they may listen on any interface."""
    with pytest.raises(UsageError, match="is neither a port nor one of tcp, ssl, tcp6, tls, unix, systemd"):
        onLoopback(description)


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
def test_backlog(description: str) -> None:
    """An endpoint without a backlog gets the longest that the system allows."""
    completed = withBacklog(description)
    assert completed == f"{description}:backlog={SOMAXCONN}"
    assert f"_backlog={SOMAXCONN}" in repr(sorted(f"{name}={value}" for name, value in vars(_endpoint(completed)).items()))


def _endpoint(description: str) -> Any:
    return serverFromString(MemoryReactorClock(), description)


@pytest.mark.parametrize(
    "description",
    ["tcp:9000:backlog=5", "tcp:9000:127.0.0.1:5", r"tcp6:9000:5:\:\:1", "unix:/a:660:5", "systemd:index=1"],
)
def test_backlogInTheDescription(description: str) -> None:
    """A backlog in the description stays, named or not; an endpoint that can have none stays as it is."""
    assert withBacklog(description) == description
