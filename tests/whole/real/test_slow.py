"""
Peers that are slow but alive.
"""

from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest

from tests.kit.processes import ROOT, freePort
from tests.kit.tls import ratchet, trusting
from tests.kit.wire import event
from tests.whole.real.raw import RawPeer, peers, readUntil
from tests.whole.real.test_stopped import IMPATIENT


@pytest.fixture(scope="module")
def impatient(certificates: Path) -> Iterator[tuple[int, int]]:
    """
    The ports, TCP and TLS, of a server with short timeouts.
    """
    secure = freePort()
    certificate, key = certificates / "cert.pem", certificates / "key.pem"
    listen = f"ssl:{secure}:privateKey={key}:certKey={certificate}:interface=127.0.0.1"
    with ratchet(
        ROOT, *IMPATIENT, "--limit", "sendQueueBytes=8000000", "--limit", "connectionBytes=9000000", "--listen", listen
    ) as running:
        yield running.port, secure


@pytest.fixture(params=["TCP", "TLS"])
def slowly(request: pytest.FixtureRequest, impatient: tuple[int, int], certificates: Path) -> Iterator[RawPeer]:
    """
    A peer with a small receive buffer.
    """
    secure = request.param == "TLS"
    with peers(impatient[secure], 1, trusting(certificates) if secure else None, 16384) as made:
        yield made[0]


def test_slowReader(slowly: RawPeer) -> None:
    """A peer that reads 50 kB/s while 3 MB wait for it is not closed, although its pongs are late; all of it comes."""
    slowly.emit("fill", 300)
    for _ in range(50):
        slowly.read(5000)
        sleep(0.1)
    readUntil([slowly], lambda: len(slowly.messages) == 300)
    assert [int(each["data"][:6]) for each in slowly.messages] == list(range(300))


def test_slowWriter(slowly: RawPeer) -> None:
    """A peer that needs four seconds for a message, and can answer no ping meanwhile, is not closed."""
    message = event("echo", "x" * 50_000, id=1)
    for at in range(0, len(message), 5000):
        slowly.write(message[at : at + 5000])
        sleep(0.4)
    readUntil([slowly], lambda: bool(slowly.messages))
    assert slowly.messages[0]["data"]["ok"]
